import { describe, expect, it } from "vitest";
import { RequestPacer, type Clock } from "./request-pacer.ts";

/** Clock on which waiting takes no time. */
function jumpingClock(): Clock & { time: number } {
  const clock = {
    time: 5000,
    now: () => clock.time,
    wait: async (milliseconds: number, signal: AbortSignal | undefined) => {
      signal?.throwIfAborted();
      clock.time += milliseconds;
    },
  };
  return clock;
}

/** Start times of requests with the given token estimates, milliseconds after the first. */
async function startsOf(pacer: RequestPacer, clock: Clock, tokens: readonly number[]) {
  const starts: number[] = [];
  for (const numTokens of tokens) {
    await pacer.enter(numTokens);
    starts.push(clock.now());
  }
  return starts.map((start) => start - starts[0]!);
}

describe("RequestPacer", () => {
  it("spaces requests evenly", async () => {
    const clock = jumpingClock();
    const pacer = new RequestPacer("test", { requestsPerMinute: 30 }, clock);
    expect(await startsOf(pacer, clock, [0, 9, 0, 0])).toEqual([0, 2000, 4000, 6000]);
    // Unused time does not allow a burst later.
    clock.time += 60_000;
    expect(await startsOf(pacer, clock, [0, 0])).toEqual([0, 2000]);
  });

  it("starts requests in the order in which they asked", async () => {
    const clock = jumpingClock();
    const pacer = new RequestPacer("test", { requestsPerMinute: 30 }, clock);
    const order: number[] = [];
    const enter = async (index: number): Promise<void> => {
      await pacer.enter(0);
      order.push(index);
    };
    await Promise.all([0, 1, 2, 3].map(enter));
    expect(order).toEqual([0, 1, 2, 3]);
    expect(clock.time).toBe(5000 + 3 * 2000);
  });

  it("lets tokens pass at their rate, and obeys the stricter limit", async () => {
    const clock = jumpingClock();
    const limits = { requestsPerMinute: 60, tokensPerMinute: 6000 };
    const pacer = new RequestPacer("test", limits, clock);
    // At these limits 500 tokens take 5 s, 20 tokens 0.2 s, and a request 1 s.
    expect(await startsOf(pacer, clock, [500, 20, 0])).toEqual([0, 5000, 6000]);
  });

  it("corrects an estimate", async () => {
    const clock = jumpingClock();
    const pacer = new RequestPacer("test", { tokensPerMinute: 6000 }, clock);
    await pacer.enter(1000);
    pacer.settle(1000, 300);
    const start = clock.now();
    await pacer.enter(0);
    expect(clock.now() - start).toBe(3000);
  });

  it("starts everything at once without limits, and stops waiting if aborted", async () => {
    const clock = jumpingClock();
    const free = new RequestPacer("test", {}, clock);
    expect(await startsOf(free, clock, [1e6, 1e6])).toEqual([0, 0]);
    const slow = new RequestPacer("test", { requestsPerMinute: 1 }, clock);
    await slow.enter(0);
    await expect(slow.enter(0, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
    // The cancelled request does not delay the next one.
    await slow.enter(0);
    expect(() => new RequestPacer("test", { requestsPerMinute: 0 })).toThrow(
      "test: requestsPerMinute must be finite and > 0, got 0",
    );
  });
});
