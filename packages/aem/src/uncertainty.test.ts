import { entropyOfLogits, logSoftmax } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { measureUncertainty, topKEntropyBounds } from "./uncertainty.ts";

describe("measureUncertainty", () => {
  it("accepts a mean from an engine, and refuses to invent one", () => {
    expect(measureUncertainty({ kind: "mean-entropy", entropy: 0.5, numTokens: 3 })).toEqual({
      kind: "mean-entropy",
      tokens: undefined,
      numTokens: 3,
      mean: 0.5,
      error: 0,
    });
    expect(measureUncertainty({ kind: "mean-entropy", entropy: 0.5, numTokens: 0 }).mean).toBe(0);
    expect(() => measureUncertainty({ kind: "mean-entropy", entropy: -1, numTokens: 3 })).toThrow(
      "measureUncertainty: entropy must be finite and >= 0, got -1",
    );
    expect(() => measureUncertainty({ kind: "unknown", numTokens: 3 })).toThrow(
      'uncertainty.kind must be entropy, top-k, surprisal or mean-entropy, got "unknown"',
    );
  });

  it("is the mean over tokens", () => {
    expect(measureUncertainty({ kind: "entropy", entropies: [1, 2] }).mean).toBe(1.5);
    expect(measureUncertainty({ kind: "surprisal", logProbs: [-1, -2] })).toEqual({
      kind: "surprisal",
      tokens: [1, 2],
      numTokens: 2,
      mean: 1.5,
      error: 0,
    });
    expect(measureUncertainty({ kind: "top-k", low: [1, 1], high: [2, 1.5] })).toEqual({
      kind: "top-k",
      tokens: [1.5, 1.25],
      numTokens: 2,
      mean: 1.375,
      error: 0.375,
    });
  });

  it("treats log-probs above 0 by rounding as 0", () => {
    expect(measureUncertainty({ kind: "surprisal", logProbs: [1e-7] }).mean).toBe(0);
  });

  it("is 0 without tokens", () => {
    expect(measureUncertainty({ kind: "surprisal", logProbs: [] }).mean).toBe(0);
  });

  it("names the invalid argument", () => {
    expect(() => measureUncertainty({ kind: "surprisal", logProbs: [0.1] })).toThrow(
      "measureUncertainty: logProbs must be finite and <= 0, got 0.1",
    );
    expect(() => measureUncertainty({ kind: "top-k", low: [2], high: [1] })).toThrow(
      "measureUncertainty: high[0] must be >= low[0] (2), got 1",
    );
    expect(() => measureUncertainty({ kind: "entropy", entropies: [NaN] })).toThrow(
      "measureUncertainty: entropies[0] must be finite and >= 0, got NaN",
    );
  });
});

describe("topKEntropyBounds", () => {
  it("bounds a worked distribution", () => {
    // 0.9 is known; the remaining 0.1 is on one choice, or spread over ten.
    const { low, high } = topKEntropyBounds([Math.log(0.9)], 11);
    expect(low).toBeCloseTo(-0.9 * Math.log(0.9) - 0.1 * Math.log(0.1), 12);
    expect(high).toBeCloseTo(-0.9 * Math.log(0.9) - 0.1 * Math.log(0.01), 12);
  });

  it("contain the entropy of every distribution", () => {
    const logits = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(logits, fc.nat(), (logits, cut) => {
        const sorted = logSoftmax(logits).toSorted((a, b) => b - a);
        const k = 1 + (cut % sorted.length);
        const known = sorted.slice(0, k).map((logProb) => Math.min(0, logProb));
        const { low, high } = topKEntropyBounds(known, logits.length);
        const entropy = entropyOfLogits(logits);
        expect(low).toBeLessThanOrEqual(entropy + 1e-9);
        expect(high).toBeGreaterThanOrEqual(entropy - 1e-9);
      }),
    );
  });

  it("are exact if the whole vocabulary is known", () => {
    const { low, high } = topKEntropyBounds([Math.log(0.5), Math.log(0.5)], 2);
    expect(low).toBeCloseTo(Math.LN2, 12);
    expect(high).toBe(low);
  });

  it("names the invalid argument", () => {
    expect(() => topKEntropyBounds([], 5)).toThrow(
      "topKEntropyBounds: k must be a whole number >= 1",
    );
    expect(() => topKEntropyBounds([-1, -1], 1)).toThrow(
      "topKEntropyBounds: vocabularySize must be a whole number >= 2, got 1",
    );
    expect(() => topKEntropyBounds([0, 0], 5)).toThrow(
      "topKEntropyBounds: probabilities must sum to at most 1, got 2",
    );
    expect(() => topKEntropyBounds([0.5], 5)).toThrow(
      "topKEntropyBounds: logProbs must be at most 0, got 0.5",
    );
  });
});
