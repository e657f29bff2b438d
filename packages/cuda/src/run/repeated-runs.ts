import type { CudaDevice, CudaRecording } from "../driver/cuda-device.ts";

/** Sets of addresses of one schedule that are told apart: results may change places by turns. */
const maxSets = 2;
/** A recording takes some memory of the device for each kernel: those used last are kept. */
const maxRecordings = 16;

/** Runs of one schedule that had the same addresses. */
interface SameRuns {
  readonly addresses: Float64Array;
  count: number;
  recording: CudaRecording | undefined;
}

/** What is known of a schedule's runs; starts empty. */
export type RunHistory = SameRuns[];

/** Records runs that come again with the same addresses, like those of decoding, and repeats them. */
export class RepeatedRuns {
  readonly #device: CudaDevice;
  /** Those with a recording; the one used last is the last. */
  readonly #recorded = new Set<SameRuns>();

  constructor(device: CudaDevice) {
    this.#device = device;
  }

  /**
   * Queues a run.
   * @param queue - Queues it call by call; what it queues depends on the addresses alone.
   * @param recordAfter - How many runs are queued so before the next one is recorded.
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

  /** Gives the recordings of a schedule back. */
  release(history: RunHistory): void {
    for (const runs of history) this.#forget(runs);
    history.length = 0;
  }
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
