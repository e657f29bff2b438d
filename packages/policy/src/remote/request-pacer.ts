import { setTimeout as sleep } from "node:timers/promises";
import { checkPositive } from "@turnwise/core";

/** Rate limits of a server. */
export interface RateLimits {
  /** Maximum number of requests per minute, including retries, `> 0`. Default: no limit. */
  readonly requestsPerMinute?: number | undefined;
  /** Maximum number of prompt and response tokens per minute, `> 0`. Default: no limit. */
  readonly tokensPerMinute?: number | undefined;
}

/** Clock: time in milliseconds, and a timer. */
export interface Clock {
  now(): number;
  wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void>;
}

const realClock: Clock = {
  now: () => performance.now(),
  wait: async (milliseconds, signal) => {
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  },
};

const minute = 60_000;

/**
 * Spaces requests evenly, so that a server's rate limits hold without bursts. Each request uses `60
 * / requestsPerMinute` seconds of the request limit, and each of its tokens `60 / tokensPerMinute`
 * seconds of the token limit; a request starts when the earlier ones have used up their time.
 * Tokens are estimated at the start and corrected by {@link RequestPacer.settle}.
 */
export class RequestPacer {
  readonly #millisecondsPerRequest: number;
  readonly #millisecondsPerToken: number;
  readonly #clock: Clock;
  /** Times at which the next request may start according to each limit. */
  #requestsFreeAt = 0;
  #tokensFreeAt = 0;
  /** Requests start in the order in which they called `enter`. */
  #turn: Promise<void> = Promise.resolve();

  /** Creates a pacer. @throws `RangeError` for a limit that is not positive. */
  constructor(where: string, limits: RateLimits, clock: Clock = realClock) {
    const { requestsPerMinute = Infinity, tokensPerMinute = Infinity } = limits;
    for (const [name, value] of Object.entries({ requestsPerMinute, tokensPerMinute })) {
      if (value !== Infinity) checkPositive(where, { [name]: value });
    }
    this.#millisecondsPerRequest = minute / requestsPerMinute;
    this.#millisecondsPerToken = minute / tokensPerMinute;
    this.#clock = clock;
  }

  /**
   * Waits until a request may start.
   * @param numTokens - Estimated number of tokens of the request, `>= 0`.
   * @throws The signal's reason if it aborts.
   */
  async enter(numTokens: number, signal?: AbortSignal): Promise<void> {
    const before = this.#turn;
    let pass: () => void = () => undefined;
    this.#turn = new Promise((resolve) => {
      pass = resolve;
    });
    try {
      await before;
      for (;;) {
        signal?.throwIfAborted();
        const now = this.#clock.now();
        const freeAt = Math.max(this.#requestsFreeAt, this.#tokensFreeAt);
        if (freeAt <= now) break;
        await this.#clock.wait(freeAt - now, signal);
      }
      const now = this.#clock.now();
      this.#requestsFreeAt = now + this.#millisecondsPerRequest;
      this.#tokensFreeAt = now + numTokens * this.#millisecondsPerToken;
    } finally {
      pass();
    }
  }

  /** Corrects the estimate of a request; the difference shortens or prolongs the next wait. */
  settle(estimatedTokens: number, countedTokens: number): void {
    this.#tokensFreeAt += (countedTokens - estimatedTokens) * this.#millisecondsPerToken;
  }
}
