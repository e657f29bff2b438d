import type { CudaDevice, CudaRecording } from "../driver/cuda-device.ts";

/** Number of address sets per schedule, because results may alternate between two buffers. */
const maxSets = 2;
/**
 * Maximum number of recordings; the least recently used are released. A recording uses device
 * memory for every kernel.
 */
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
 * Records runs that repeat with the same addresses, as in decoding, and replays them as CUDA
 * graphs.
 */
export class RepeatedRuns {
  readonly #device: CudaDevice;
  /** Histories that have a recording, most recently used last. */
  readonly #recorded = new Set<SameRuns>();

  constructor(device: CudaDevice) {
    this.#device = device;
  }

  /**
   * Queues a run.
   * @param queue - Queues the run call by call; must depend only on the addresses.
   * @param recordAfter - Number of runs with the same addresses to queue call by call before one is
   *   recorded.
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
