import { describe, expect, it } from "vitest";
import { weightedMean, weightedVariance } from "./weighted-moments.ts";

describe("weightedMean", () => {
  it("counts values several times", () => {
    expect(weightedMean([1, 5], [3, 1])).toBe(2);
  });

  it("is the value itself where all are equal, and 0 of nothing", () => {
    expect(weightedMean([0.1, 0.1, 0.1], [1, 1, 1])).toBe(0.1);
    expect(weightedMean([], [])).toBe(0);
    expect(weightedMean([NaN], [0])).toBe(0);
  });
});

describe("weightedVariance", () => {
  it("divides by all that counts, less its freedom", () => {
    // 1, 1, 1, 5: squared deviations 3 x 1 + 9.
    expect(weightedVariance([1, 5], [3, 1], 0)).toBe(3);
    expect(weightedVariance([1, 5], [3, 1], 1)).toBe(4);
  });

  it("is 0 of too few", () => {
    expect(weightedVariance([7], [1], 1)).toBe(0);
    expect(weightedVariance([], [], 0)).toBe(0);
    expect(weightedVariance([7, NaN], [1, 0], 1)).toBe(0);
  });
});
