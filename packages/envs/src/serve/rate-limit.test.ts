import { describe, expect, it } from "vitest";
import { RateLimit } from "./rate-limit.ts";
import { ManualClock } from "./testing/manual-clock.ts";

describe("RateLimit", () => {
  it("accepts as many requests at once as in one second, for each client", () => {
    const clock = new ManualClock();
    const limit = new RateLimit(2, clock);
    expect([limit.take("a"), limit.take("a"), limit.take("a")]).toEqual([0, 0, 0.5]);
    expect(limit.take("b")).toBe(0);
    clock.advance(0.25);
    expect(limit.take("a")).toBe(0.25);
    clock.advance(0.25);
    expect(limit.take("a")).toBe(0);
    clock.advance(100);
    expect([limit.take("a"), limit.take("a"), limit.take("a")]).toEqual([0, 0, 0.5]);
  });

  it("lets waiting requests pass at the rate", async () => {
    const clock = new ManualClock();
    const limit = new RateLimit(2, clock);
    const passed: number[] = [];
    const all = Promise.all(
      [1, 2, 3, 4].map(async (i) => {
        await limit.wait("a");
        passed.push(i);
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(passed).toEqual([1, 2]);
    clock.advance(0.5);
    await new Promise((resolve) => setImmediate(resolve));
    expect(passed).toEqual([1, 2, 3]);
    clock.advance(0.5);
    await all;
  });

  it("forgets clients that made no request lately", () => {
    const clock = new ManualClock();
    const limit = new RateLimit(1, clock);
    for (let i = 0; i < 10_000; i++) limit.take(String(i));
    // No client has a full bucket: the first is forgotten.
    limit.take("new");
    expect(limit.take("1")).toBe(1);
    expect(limit.take("0")).toBe(0);
  });
});
