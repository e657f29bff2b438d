import { createRandom, entropyOfLogits, logSoftmax, type Random } from "@turnwise/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawToken } from "./draw-token.ts";

/** A stream that gives one number only. */
const fixed = (value: number): Random => ({ ...createRandom(0), next: () => value });

const logits = fc
  .array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 20 })
  .map((values) => Float32Array.from(values));

test("takes the token at which the cumulative probability exceeds the number drawn", () => {
  // Probabilities 1/2, 1/4, 1/4.
  const values = Float32Array.from([Math.log(2), 0, 0]);
  const drawn = [0, 0.49, 0.51, 0.74, 0.76, 0.99].map((u) => drawToken(values, 1, fixed(u)).token);
  expect(drawn).toEqual([0, 0, 1, 1, 2, 2]);
});

test("reports the log-prob and entropy of the distribution at the temperature", () => {
  fc.assert(
    fc.property(logits, fc.double({ min: 0.1, max: 10, noNaN: true }), (values, temperature) => {
      const scaled = [...values].map((value) => value / temperature);
      const { token, logProb, entropy } = drawToken(values, temperature, createRandom("u"));
      expect(logProb).toBeCloseTo(logSoftmax(scaled)[token]!, 9);
      expect(entropy).toBeCloseTo(entropyOfLogits(scaled), 9);
    }),
  );
});

test("takes the most likely token at temperature 0, the first of equal ones", () => {
  const values = Float32Array.from([1, 3, 3, -1]);
  expect(drawToken(values, 0, fixed(0.9))).toEqual({ token: 1, logProb: 0, entropy: 0 });
});

test("never draws a token of probability 0", () => {
  const values = Float32Array.from([-Infinity, 0, -Infinity]);
  expect(drawToken(values, 1, fixed(0))).toEqual({ token: 1, logProb: 0, entropy: 0 });
  expect(drawToken(values, 1, fixed(0.999999)).token).toBe(1);
});

test("draws each token as often as its probability says", () => {
  const values = Float32Array.from([0, 1, 2]);
  const random = createRandom("counts");
  const counts = [0, 0, 0];
  for (let i = 0; i < 20_000; i++) counts[drawToken(values, 1, random).token]!++;
  // Standard deviation of each share: at most 0.0035.
  logSoftmax([...values]).forEach((logProb, i) =>
    expect(Math.abs(counts[i]! / 20_000 - Math.exp(logProb))).toBeLessThan(0.015),
  );
});

test("refuses logits that are not numbers", () => {
  const values = Float32Array.from([0, Number.NaN]);
  expect(() => drawToken(values, 1, fixed(0.5))).toThrow("drawToken: logits must be finite");
});
