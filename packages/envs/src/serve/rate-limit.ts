import type { Clock } from "./clock.ts";

/** Number of clients at which clients without recent requests are forgotten. */
const maxClients = 10_000;

interface Bucket {
  /** Number of requests that the client may make at once. */
  tokens: number;
  /** Time of the last request, milliseconds. */
  at: number;
}

/**
 * Limits the requests of each client to an average of `rate` per second; a burst may contain the requests
 * of one second.
 */
export class RateLimit {
  readonly #rate: number;
  readonly #burst: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  /** @param rate - Requests per second, `> 0`. */
  constructor(rate: number, clock: Clock) {
    this.#rate = rate;
    this.#burst = Math.max(1, rate);
    this.#clock = clock;
  }

  /**
   * Counts a request of a client.
   * @returns Time after which the client may try again, seconds; 0 if the request is accepted.
   */
  take(client: string): number {
    const bucket = this.#fill(client);
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#rate;
    bucket.tokens--;
    return 0;
  }

  /** Counts a request of a client; waits first if the client has made too many. */
  async wait(client: string): Promise<void> {
    const bucket = this.#fill(client);
    bucket.tokens--;
    if (bucket.tokens >= 0) return;
    const seconds = -bucket.tokens / this.#rate;
    await new Promise<void>((resolve) => this.#clock.after(seconds, resolve));
  }

  #fill(client: string): Bucket {
    const now = this.#clock.now();
    const known = this.#buckets.get(client);
    if (known === undefined) {
      if (this.#buckets.size >= maxClients) this.#forget(now);
      const bucket = { tokens: this.#burst, at: now };
      this.#buckets.set(client, bucket);
      return bucket;
    }
    known.tokens = Math.min(this.#burst, known.tokens + ((now - known.at) / 1000) * this.#rate);
    known.at = now;
    return known;
  }

  /** Forgets the clients whose buckets are full again; if there are none, the client that came first. */
  #forget(now: number): void {
    for (const [client, { tokens, at }] of this.#buckets) {
      const isFull = tokens + ((now - at) / 1000) * this.#rate >= this.#burst;
      if (isFull) this.#buckets.delete(client);
    }
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size >= maxClients) this.#buckets.delete(oldest!);
  }
}
