import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "./random.ts";

function draws(seed: number | string, count: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

describe("createRandom", () => {
  it("repeats itself from the same seed, on every machine", () => {
    expect(draws(7, 5)).toEqual(draws(7, 5));
    expect(draws(7, 5)).not.toEqual(draws(8, 5));
    expect(createRandom(1).integer(1_000_000)).toBe(229691);
  });

  it("returns forks that do not depend on earlier draws", () => {
    const used = createRandom("run");
    for (let i = 0; i < 10; i++) used.next();
    expect(used.fork("tasks").next()).toBe(createRandom("run").fork("tasks").next());
    expect(used.fork("tasks").next()).not.toBe(used.fork("turns").next());
    expect(createRandom("run").fork("tasks").seed).toBe("run/tasks");
  });

  it("fills [0, 1) evenly", () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (const value of draws("even", 100_000)) counts[Math.floor(value * 10)]! += 1;
    // Binomial with mean 10,000 and standard deviation 95: six standard deviations.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(570);
  });

  it("returns all orders of three equally often", () => {
    const random = createRandom("orders");
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(["a", "b", "c"]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(175);
  });

  it("refuses empty choices and invalid limits", () => {
    expect(() => createRandom(1).choice([])).toThrow("values must not be empty");
    expect(() => createRandom(1).integer(0)).toThrow("limit must be a whole number >= 1, got 0");
    expect(() => createRandom(0.5)).toThrow("seed must be a whole number, got 0.5");
  });

  it("shuffles into a permutation and does not change its input", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.string(), (values, seed) => {
        const before = [...values];
        const shuffled = createRandom(seed).shuffle(values);
        expect(values).toEqual(before);
        expect([...shuffled].sort((x, y) => x - y)).toEqual(before.sort((x, y) => x - y));
      }),
    );
  });
});
