import { checkDriver, driverStatus } from "./check-status.ts";
import type { Cuda } from "./load-cuda.ts";

/** CU_STREAM_CAPTURE_MODE_RELAXED of cuda.h, which does not restrict other threads. */
const relaxedCapture = 2;

/** Recorded work: an executable CUDA graph. */
export interface RecordedGraph {
  readonly handle: number;
}

/** Records the work queued on a stream. */
export class Recorder {
  readonly #cuda: Cuda;
  readonly #stream: number;
  readonly #result = new BigInt64Array(new ArrayBuffer(128));
  readonly #resultAddress: number;
  readonly #held = new Set<RecordedGraph>();
  #isRecording = false;

  constructor(cuda: Cuda, stream: number) {
    this.#cuda = cuda;
    this.#stream = stream;
    this.#resultAddress = cuda.addressOf(this.#result);
  }

  get isRecording(): boolean {
    return this.#isRecording;
  }

  record(queue: () => void): RecordedGraph {
    const graph = this.#capture(queue);
    const status = this.#cuda.cuGraphInstantiateWithFlags(this.#resultAddress, graph, 0);
    const recorded: RecordedGraph = { handle: Number(this.#result[0]) };
    this.#cuda.cuGraphDestroy(graph);
    checkDriver(this.#cuda, status, "record", "instantiate the recording");
    this.#held.add(recorded);
    return recorded;
  }

  #capture(queue: () => void): number {
    const begin = this.#cuda.cuStreamBeginCapture_v2(this.#stream, relaxedCapture);
    checkDriver(this.#cuda, begin, "record", "start recording");
    this.#isRecording = true;
    let isWhole = false;
    let end: number = driverStatus.success;
    try {
      queue();
      isWhole = true;
    } finally {
      this.#isRecording = false;
      end = this.#cuda.cuStreamEndCapture(this.#stream, this.#resultAddress);
      // Prefer the function's own error to the resulting capture error.
      if (!isWhole && end === driverStatus.success) {
        this.#cuda.cuGraphDestroy(Number(this.#result[0]));
      }
    }
    checkDriver(this.#cuda, end, "record", "end the recording");
    return Number(this.#result[0]);
  }

  holds(recorded: RecordedGraph): boolean {
    return this.#held.has(recorded);
  }

  repeat(recorded: RecordedGraph): void {
    if (!this.holds(recorded)) {
      throw new Error("repeat: recording must not be used after release()");
    }
    const status = this.#cuda.cuGraphLaunch(recorded.handle, this.#stream);
    checkDriver(this.#cuda, status, "repeat", "launch a recording");
  }

  /** Destroys a recorded graph; the driver waits until a running graph has finished. */
  release(recorded: RecordedGraph): void {
    if (this.#held.delete(recorded)) this.#cuda.cuGraphExecDestroy(recorded.handle);
  }

  close(): void {
    for (const recorded of this.#held) this.release(recorded);
  }
}
