import fc from "fast-check";
import { expect, it } from "vitest";
import { entropyOfLogits, logSoftmax, sum } from "./numerics.ts";

const logits = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
  minLength: 1,
  maxLength: 40,
});

it("keeps entropy in [0, log n]", () => {
  fc.assert(
    fc.property(logits, (values) => {
      const entropy = entropyOfLogits(values);
      expect(entropy).toBeGreaterThanOrEqual(0);
      // Float64 rounds the normalizer of logits near 1e6 by 1e-10, and thus every log-prob.
      expect(entropy).toBeLessThanOrEqual(Math.log(values.length) + 1e-9);
    }),
  );
});

it("ignores a shift of all logits", () => {
  fc.assert(
    fc.property(logits, fc.integer({ min: -1000, max: 1000 }), (values, shift) => {
      const shifted = values.map((value) => value + shift);
      // Adding the shift rounds logits near 1e6 by 1e-10.
      expect(entropyOfLogits(shifted)).toBeCloseTo(entropyOfLogits(values), 7);
    }),
  );
});

it("returns log-probs that are at most 0 and sum to one", () => {
  fc.assert(
    fc.property(logits, (values) => {
      const logProbs = logSoftmax(values);
      expect(Math.max(...logProbs)).toBeLessThanOrEqual(1e-9);
      // Logits near 1e6 are rounded by 1e-10; exp turns this into a relative error of 1e-10.
      expect(sum(logProbs.map(Math.exp))).toBeCloseTo(1, 8);
    }),
  );
});
