import fc from "fast-check";
import { expect, test } from "vitest";
import { softmaxWeights } from "./softmax-weights.ts";

test("equals exponentials to 12 digits, and sums them", () => {
  const anyLogits = fc.array(fc.float({ min: -690, max: 0, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(anyLogits, fc.double({ min: 0.1, max: 1, noNaN: true }), (values, scale) => {
      const logits = Float32Array.from(values);
      const weights = new Float64Array(logits.length);
      const { total, weighted } = softmaxWeights(logits, 0, scale, weights);
      let expectedTotal = 0;
      let expectedWeighted = 0;
      logits.forEach((logit, i) => {
        const expected = Math.exp(logit * scale);
        expect(Math.abs(weights[i]! / expected - 1)).toBeLessThan(2e-12);
        expectedTotal += expected;
        expectedWeighted += expected * logit * scale;
      });
      expect(Math.abs(total / expectedTotal - 1)).toBeLessThan(2e-12);
      expect(weighted).toBeCloseTo(expectedWeighted, 9);
    }),
  );
});

test("is 0 for tiny weights, and has a NaN total if a logit is NaN", () => {
  const weights = new Float64Array(3).fill(5);
  const logits = Float32Array.of(0, -Infinity, -1000);
  expect(softmaxWeights(logits, 0, 1, weights)).toEqual({ total: 1, weighted: 0 });
  expect([...weights]).toEqual([1, 0, 0]);
  expect(softmaxWeights(Float32Array.of(0, Number.NaN), 0, 1, weights).total).toBeNaN();
});
