import { describe, expect, it } from "vitest";
import { pickEvenly, summarizeCost } from "./cost.ts";

describe("summarizeCost", () => {
  it("has the mean share with its interval, and the largest", () => {
    // Mean 0.002, SD 0.001, t(2) = 4.30265.
    const { share, maxShare } = summarizeCost([
      { share: 0.001 },
      { share: 0.002 },
      { share: 0.003 },
    ]);
    expect(share!.estimate).toBeCloseTo(0.002, 12);
    expect(share!.high - 0.002).toBeCloseTo((4.30265 * 0.001) / Math.sqrt(3), 8);
    expect(maxShare).toBe(0.003);
  });

  it("has no interval for a single iteration", () => {
    expect(summarizeCost([{ share: 0.5 }])).toEqual({ maxShare: 0.5 });
  });
});

describe("pickEvenly", () => {
  it("takes the first, the last and those between", () => {
    expect(pickEvenly([1, 2, 3, 4, 5, 6, 7, 8, 9], 3)).toEqual([1, 5, 9]);
    expect(pickEvenly([1, 2], 3)).toEqual([1, 2]);
  });
});
