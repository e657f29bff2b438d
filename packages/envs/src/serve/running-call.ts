import type { Clock } from "./clock.ts";
import type { EpisodeReply } from "./episode-host.ts";
import type { SessionError } from "./session-error.ts";

/** A call of a session to its host, until its result is delivered. */
export class RunningCall {
  readonly #controller = new AbortController();
  readonly #result: Promise<EpisodeReply>;
  #isOverdue = false;

  /** Starts the call. */
  constructor(run: (signal: AbortSignal) => Promise<EpisodeReply>) {
    this.#result = run(this.#controller.signal);
    // The call may fail while no caller waits for its result.
    this.#result.catch(() => undefined);
  }

  /** True while no caller waits for the result, because the time limit of the last one has passed. */
  get isOverdue(): boolean {
    return this.#isOverdue;
  }

  /** Cancels the call. Its caller gets the reason at once, even if the host does not notice. */
  cancel(reason: SessionError): void {
    this.#controller.abort(reason);
  }

  /**
   * Waits for the result.
   * @param seconds - Time limit.
   * @returns `undefined` after the time limit; the call continues, and its result can be waited for
   *   again.
   * @throws The error of the call, or the reason of {@link RunningCall.cancel}.
   */
  async wait(clock: Clock, seconds: number): Promise<EpisodeReply | undefined> {
    this.#isOverdue = false;
    const { signal } = this.#controller;
    signal.throwIfAborted();
    let onAbort = (): void => undefined;
    let cancelTimer = (): void => undefined;
    const cancelled = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort, { once: true });
    });
    const overdue = new Promise<undefined>((resolve) => {
      cancelTimer = clock.after(seconds, () => resolve(undefined));
    });
    try {
      const reply = await Promise.race([this.#result, overdue, cancelled]);
      this.#isOverdue = reply === undefined;
      return reply;
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", onAbort);
    }
  }
}
