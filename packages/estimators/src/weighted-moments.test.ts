import { describe, expect, it } from "vitest";
import { weightedMean, weightedVariance } from "./weighted-moments.ts";

describe("weightedMean", () => {
  it("supports counts above 1", () => {
    expect(weightedMean([1, 5], [3, 1])).toBe(2);
  });

  it("equals the value itself if all are equal, and 0 without values", () => {
    expect(weightedMean([0.1, 0.1, 0.1], [1, 1, 1])).toBe(0.1);
    expect(weightedMean([], [])).toBe(0);
    expect(weightedMean([NaN], [0])).toBe(0);
  });
});

describe("weightedVariance", () => {
  it("divides by the total count minus the degrees of freedom", () => {
    // Values 1, 1, 1, 5: squared deviations 3 x 1 + 9.
    expect(weightedVariance([1, 5], [3, 1], 0)).toBe(3);
    expect(weightedVariance([1, 5], [3, 1], 1)).toBe(4);
  });

  it("is 0 for too few values", () => {
    expect(weightedVariance([7], [1], 1)).toBe(0);
    expect(weightedVariance([], [], 0)).toBe(0);
    expect(weightedVariance([7, NaN], [1, 0], 1)).toBe(0);
  });
});
