import type { CudaDevice, CudaRecording } from "../driver/cuda-device.ts";

/** Sets of addresses per schedule: results may alternate between two buffers. */
const maxSets = 2;
/** Each recording takes device memory per kernel, so only the most recently used are kept. */
const maxRecordings = 16;

/** Runs of one schedule with the same addresses. */
interface SameRuns {
  readonly addresses: Float64Array;
  count: number;
  recording: CudaRecording | undefined;
}

/** History of a schedule's runs; starts empty. */
export type RunHistory = SameRuns[];

/**
 * Records runs that recur with the same addresses, like those of decoding, and repeats them as CUDA
 * graphs.
 */
export class RepeatedRuns {
  readonly #device: CudaDevice;
  /** Histories with a recording, most recently used last. */
  readonly #recorded = new Set<SameRuns>();

  constructor(device: CudaDevice) {
    this.#device = device;
  }

  /**
   * Queues a run.
   * @param queue - Queues it call by call, as a function of the addresses alone.
   * @param recordAfter - Number of runs queued this way before the next one is recorded.
   */
  queue(
    history: RunHistory,
    addresses: Float64Array,
    recordAfter: number,
    queue: () => void,
  ): void {
    const runs = this.#find(history, addresses);
    if (runs.recording === undefined && runs.count++ < recordAfter) {
      queue();
      return;
    }
    runs.recording ??= this.#device.record(queue);
    runs.recording.repeat();
    this.#recorded.delete(runs);
    this.#recorded.add(runs);
    if (this.#recorded.size > maxRecordings) {
      const [oldest] = this.#recorded;
      this.#forget(oldest!);
    }
  }

  #find(history: RunHistory, addresses: Float64Array): SameRuns {
    const known = history.find((each) => isEqual(each.addresses, addresses));
    if (known) return known;
    const runs: SameRuns = { addresses: addresses.slice(), count: 0, recording: undefined };
    history.push(runs);
    if (history.length > maxSets) this.#forget(history.shift()!);
    return runs;
  }

  #forget(runs: SameRuns): void {
    runs.recording?.release();
    runs.recording = undefined;
    runs.count = 0;
    this.#recorded.delete(runs);
  }

  /** Releases the recordings of a schedule. */
  release(history: RunHistory): void {
    for (const runs of history) this.#forget(runs);
    history.length = 0;
  }
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
