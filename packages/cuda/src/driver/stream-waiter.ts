import { setTimeout as sleep } from "node:timers/promises";
import { checkDriver, driverStatus } from "./check-status.ts";
import type { Cuda } from "./load-cuda.ts";

const withoutTiming = 2;
/** Number of polls per turn of the event loop; afterwards a timer takes over. */
const eagerPolls = 10_000;

function afterOtherWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Waits for a stream by polling, without blocking its thread.
 *
 * The alternative, a blocking call on another thread (koffi's `async`), would have to make the
 * context current on that thread in the same call, and would return through the event loop. A poll
 * takes a fraction of a microsecond and detects the end of a decode step within a few microseconds.
 * After some tens of milliseconds the interval grows to a millisecond, so that a long training step
 * does not occupy a core.
 */
export class StreamWaiter {
  readonly #cuda: Cuda;
  readonly #stream: number;
  readonly #free: number[] = [];
  readonly #result = new BigInt64Array(new ArrayBuffer(128));

  constructor(cuda: Cuda, stream: number) {
    this.#cuda = cuda;
    this.#stream = stream;
  }

  /** Marks the current end of the queue. Every mark must be waited for or released. */
  mark(method: string): number {
    const event = this.#free.pop() ?? this.#newEvent(method);
    checkDriver(
      this.#cuda,
      this.#cuda.cuEventRecord(event, this.#stream),
      method,
      "record an event in its queue",
    );
    return event;
  }

  #newEvent(method: string): number {
    const status = this.#cuda.cuEventCreate(this.#cuda.addressOf(this.#result), withoutTiming);
    checkDriver(this.#cuda, status, method, "create an event");
    return Number(this.#result[0]);
  }

  /** Resolves when all work before a mark has run. */
  async waitUntil(mark: number, method: string): Promise<void> {
    for (let polls = 0; ; polls++) {
      const status = this.#cuda.cuEventQuery(mark);
      if (status !== driverStatus.notReady) {
        this.#free.push(mark);
        checkDriver(this.#cuda, status, method, "run the queued work");
        return;
      }
      await (polls < eagerPolls ? afterOtherWork() : sleep(1));
    }
  }

  /** Like `waitUntil`, but blocks the thread. */
  waitBlocking(mark: number, method: string): void {
    const status = this.#cuda.cuEventSynchronize(mark);
    this.#free.push(mark);
    checkDriver(this.#cuda, status, method, "run the queued work");
  }

  /** Releases a mark without waiting. */
  release(mark: number): void {
    this.#free.push(mark);
  }

  /** Resolves when all queued work has run. */
  async waitForAll(method: string): Promise<void> {
    await this.waitUntil(this.mark(method), method);
  }

  close(): void {
    for (const event of this.#free) this.#cuda.cuEventDestroy_v2(event);
    this.#free.length = 0;
  }
}
