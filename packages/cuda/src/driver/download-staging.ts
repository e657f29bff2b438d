import { checkDriver } from "./check-status.ts";
import type { Cuda } from "./load-cuda.ts";
import { allocatePinned, type PinnedMemory } from "./pinned-memory.ts";
import type { StreamWaiter } from "./stream-waiter.ts";

const minBytes = 64 * 1024;
/** Larger downloads are split and alternate between two buffers of half this size. */
const maxBytes = 64 * 2 ** 20;
/** Maximum total size of unused buffers kept for later downloads. */
const maxKeptBytes = 128 * 2 ** 20;

/** Copies from the device through pinned memory. */
export class DownloadStaging {
  readonly #cuda: Cuda;
  readonly #stream: number;
  readonly #waiting: StreamWaiter;
  readonly #kept: PinnedMemory[] = [];
  readonly #used = new Set<PinnedMemory>();

  constructor(cuda: Cuda, stream: number, waiting: StreamWaiter) {
    this.#cuda = cuda;
    this.#stream = stream;
    this.#waiting = waiting;
  }

  async download(address: number, data: Uint8Array): Promise<void> {
    if (data.length === 0) return this.#waiting.waitForAll("download");
    if (data.length > maxBytes) return this.#downloadInParts(address, data);
    const buffer = this.#take(data.length);
    this.#queue(address, buffer, data.length);
    await this.#waiting.waitUntil(this.#waiting.mark("download"), "download");
    data.set(buffer.bytes.subarray(0, data.length));
    this.#giveBack(buffer);
  }

  // Queue all parts before returning, because a later call may overwrite the source.
  #downloadInParts(address: number, data: Uint8Array): void {
    const size = maxBytes / 2;
    const buffers = [this.#take(size), this.#take(size)] as const;
    const marks = [0, 0];
    const numParts = Math.ceil(data.length / size);
    for (let part = 0; part < numParts + 2; part++) {
      const buffer = buffers[part % 2 === 0 ? 0 : 1];
      if (part >= 2) {
        this.#waiting.waitBlocking(marks[part % 2]!, "download");
        const start = (part - 2) * size;
        const length = Math.min(size, data.length - start);
        data.set(buffer.bytes.subarray(0, length), start);
      }
      if (part < numParts) {
        const start = part * size;
        this.#queue(address + start, buffer, Math.min(size, data.length - start));
        marks[part % 2] = this.#waiting.mark("download");
      }
    }
    for (const buffer of buffers) this.#giveBack(buffer);
  }

  #queue(address: number, { address: to }: PinnedMemory, bytes: number): void {
    const status = this.#cuda.cuMemcpyDtoHAsync_v2(to, address, bytes, this.#stream);
    checkDriver(this.#cuda, status, "download", `copy ${bytes} bytes from the device`);
  }

  /** Takes a buffer whose size is a power of two; few distinct sizes make reuse likely. */
  #take(bytes: number): PinnedMemory {
    const size = Math.max(minBytes, 2 ** Math.ceil(Math.log2(bytes)));
    const at = this.#kept.findIndex((each) => each.bytes.length === size);
    const [buffer = allocatePinned(this.#cuda, size, "download")] =
      at === -1 ? [] : this.#kept.splice(at, 1);
    this.#used.add(buffer);
    return buffer;
  }

  #giveBack(buffer: PinnedMemory): void {
    this.#used.delete(buffer);
    const kept = this.#kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (kept + buffer.bytes.length > maxKeptBytes) this.#cuda.cuMemFreeHost(buffer.address);
    else this.#kept.push(buffer);
  }

  /** Releases all buffers. Call only when no work is queued. */
  close(): void {
    for (const { address } of [...this.#kept, ...this.#used]) this.#cuda.cuMemFreeHost(address);
    this.#kept.length = 0;
    this.#used.clear();
  }
}
