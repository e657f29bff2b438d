import { describe, expect, it } from "vitest";
import { entropyOfLogits, logSoftmax, logSumExp, mean, sum, variance } from "./numerics.ts";

describe("sum", () => {
  it("keeps small values next to large ones", () => {
    // A plain loop returns 0: both ones are lost in the rounding of 1e100.
    expect(sum([1, 1e100, 1, -1e100])).toBe(2);
    expect(sum([])).toBe(0);
    expect(sum([1, Infinity])).toBe(Infinity);
  });
});

describe("mean and variance", () => {
  it("follow their definitions", () => {
    expect(mean([1, 2, 6])).toBe(3);
    // Deviations -2, -1, 3: squares 4 + 1 + 9 = 14.
    expect(variance([1, 2, 6], 0)).toBeCloseTo(14 / 3, 15);
    expect(variance([1, 2, 6], 1)).toBe(7);
  });

  it("refuse lists that are too short", () => {
    expect(() => mean([])).toThrow("mean: values must not be empty, got length 0");
    expect(() => variance([3], 1)).toThrow("values must have at least 2 entries, got 1");
  });
});

describe("softmax quantities", () => {
  it("handle logits that overflow exp", () => {
    expect(logSumExp([1000, 1000])).toBeCloseTo(1000 + Math.log(2), 12);
    expect(logSoftmax([1000, 0])[1]).toBe(-1000);
    expect(logSumExp([])).toBe(-Infinity);
  });

  it("return known entropies", () => {
    // Logits 0, 1, 2 give the probabilities 0.0900, 0.2447, 0.6652.
    expect(entropyOfLogits([0, 1, 2])).toBeCloseTo(0.8323956, 6);
    expect(entropyOfLogits([0, 0, 0])).toBeCloseTo(Math.log(3), 14);
    expect(entropyOfLogits([0, -Infinity])).toBe(0);
  });
});
