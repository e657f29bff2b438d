import { checkDriver } from "./check-status.ts";
import type { Cuda } from "./load-cuda.ts";
import { allocatePinned, type PinnedMemory } from "./pinned-memory.ts";
import type { StreamWaiter } from "./stream-waiter.ts";

const numSegments = 8;
const segmentBytes = 4 * 2 ** 20;

/**
 * Ring buffer of pinned memory for uploads. A segment holds one or more uploads and is reused after
 * the device has read them, so that neither side waits for the other.
 */
export class UploadRing {
  readonly #cuda: Cuda;
  readonly #stream: number;
  readonly #waiting: StreamWaiter;
  #memory: PinnedMemory | undefined;
  /**
   * For each segment, the queue mark after its last upload, while the device may still read the
   * segment.
   */
  readonly #marks: (number | undefined)[] = [];
  #segment = 0;
  #offset = 0;

  constructor(cuda: Cuda, stream: number, waiting: StreamWaiter) {
    this.#cuda = cuda;
    this.#stream = stream;
    this.#waiting = waiting;
  }

  upload(address: number, data: Uint8Array): void {
    this.#memory ??= allocatePinned(this.#cuda, numSegments * segmentBytes, "upload");
    const memory = this.#memory;
    for (let start = 0; start < data.length;) {
      if (this.#offset === segmentBytes) this.#nextSegment();
      const size = Math.min(data.length - start, segmentBytes - this.#offset);
      const offset = this.#segment * segmentBytes + this.#offset;
      memory.bytes.set(data.subarray(start, start + size), offset);
      const status = this.#cuda.cuMemcpyHtoDAsync_v2(
        address + start,
        memory.address + offset,
        size,
        this.#stream,
      );
      checkDriver(this.#cuda, status, "upload", `copy ${size} bytes to the device`);
      start += size;
      // Keep uploads aligned for the device.
      this.#offset = Math.min(segmentBytes, this.#offset + Math.ceil(size / 256) * 256);
    }
  }

  #nextSegment(): void {
    this.#marks[this.#segment] = this.#waiting.mark("upload");
    this.#segment = (this.#segment + 1) % numSegments;
    const mark = this.#marks[this.#segment];
    this.#marks[this.#segment] = undefined;
    if (mark !== undefined) this.#waiting.waitBlocking(mark, "upload");
    this.#offset = 0;
  }

  /** Releases the memory. Call only when no work is queued. */
  close(): void {
    for (const mark of this.#marks) if (mark !== undefined) this.#waiting.release(mark);
    if (this.#memory !== undefined) this.#cuda.cuMemFreeHost(this.#memory.address);
    this.#memory = undefined;
  }
}
