import { describe, expect, it } from "vitest";
import { tInterval } from "./t-interval.ts";
import { welchInterval } from "./welch-interval.ts";

describe("tInterval", () => {
  it("is mean plus and minus t standard errors", () => {
    // Mean 3, sample variance (4 + 1 + 9) / 2 = 7, standard error sqrt(7 / 3), t(2) = 4.30265.
    const { estimate, low, high } = tInterval([1, 2, 6]);
    expect(estimate).toBe(3);
    expect(high - 3).toBeCloseTo(4.30265 * Math.sqrt(7 / 3), 5);
    expect(3 - low).toBeCloseTo(high - 3, 12);
  });

  it("is a point if all seeds agree", () => {
    expect(tInterval([0.5, 0.5])).toEqual({ estimate: 0.5, low: 0.5, high: 0.5, confidence: 0.95 });
  });

  it("names what is wrong", () => {
    expect(() => tInterval([1])).toThrow("tInterval: values must have at least 2 seeds, got 1");
    expect(() => tInterval([1, Number.NaN])).toThrow(
      "tInterval: values[1] must be finite, got NaN",
    );
    expect(() => tInterval([1, 2], { confidence: 95 })).toThrow(
      "tInterval: confidence must be > 0 and < 1, got 95",
    );
  });

  it("takes one number per seed, not the task types of a policy", () => {
    const bySeedAndType = [
      [0.5, 0.7],
      [0.4, 0.9],
    ];
    // @ts-expect-error: results by task type must be averaged first
    expect(() => tInterval(bySeedAndType)).toThrow("tInterval: values[0] must be finite");
  });
});

describe("welchInterval", () => {
  it("has the degrees of freedom of equal arms for equal arms", () => {
    // Variances 1 and 1, 3 seeds each: (1/3 + 1/3)^2 / (2 * (1/3)^2 / 2) = 4.
    const { estimate, degreesOfFreedom } = welchInterval([1, 2, 3], [5, 6, 7]);
    expect(estimate).toBe(-4);
    expect(degreesOfFreedom).toBeCloseTo(4, 12);
  });

  it("names the arm that is wrong", () => {
    expect(() => welchInterval([1, 2], [3])).toThrow(
      "welchInterval: baseline must have at least 2 seeds, got 1",
    );
  });
});
