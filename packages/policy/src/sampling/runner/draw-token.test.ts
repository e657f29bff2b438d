import { createRandom, entropyOfLogits, logSoftmax, type Random } from "@turnwise/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawToken, type DrawOptions } from "./draw-token.ts";

/** Random stream with a constant value. */
const fixed = (value: number): Random => ({ ...createRandom(0), next: () => value });

const logits = fc
  .array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 20 })
  .map((values) => Float32Array.from(values));

/** Logits whose probabilities are proportional to the values. */
const logsOf = (...values: number[]): Float32Array => Float32Array.from(values, Math.log);

/** All tokens that can be drawn, found by drawing with many numbers in [0, 1). */
function drawable(values: Float32Array, options: DrawOptions): number[] {
  const tokens = Array.from(
    { length: 512 },
    (_, i) => drawToken(values.slice(), options, fixed((i + 0.5) / 512)).token,
  );
  return [...new Set(tokens)].toSorted((a, b) => a - b);
}

test("takes the token at which the cumulative probability exceeds the number drawn", () => {
  const values = logsOf(2, 1, 1);
  const drawn = [0, 0.49, 0.51, 0.74, 0.76, 0.99].map((u) => drawToken(values, {}, fixed(u)).token);
  expect(drawn).toEqual([0, 0, 1, 1, 2, 2]);
});

test("reports the log-prob and entropy of the distribution at the temperature", () => {
  fc.assert(
    fc.property(logits, fc.double({ min: 0.1, max: 10, noNaN: true }), (values, temperature) => {
      const scaled = [...values].map((value) => value / temperature);
      const drawn = drawToken(values, { temperature }, createRandom("u"));
      expect(drawn.logProb).toBeCloseTo(logSoftmax(scaled)[drawn.token]!, 9);
      expect(drawn.unfilteredLogProb).toBe(drawn.logProb);
      expect(drawn.entropy).toBeCloseTo(entropyOfLogits(scaled), 9);
    }),
  );
});

test("takes the most likely token at temperature 0, the first of equal ones", () => {
  const values = Float32Array.from([1, 3, 3, -1]);
  const drawn = { logProb: 0, entropy: 0, unfilteredLogProb: 0 };
  const options = { temperature: 0, topP: 0.1 };
  expect(drawToken(values, options, fixed(0.9))).toEqual({ token: 1, ...drawn });
  const banned = { temperature: 0, bannedTokens: [1, 2] };
  expect(drawToken(values, banned, fixed(0.9))).toEqual({ token: 0, ...drawn });
});

test("never draws a token of probability 0", () => {
  const values = Float32Array.from([-Infinity, 0, -Infinity]);
  expect(drawToken(values, {}, fixed(0))).toMatchObject({ token: 1, logProb: 0, entropy: 0 });
  expect(drawToken(values, {}, fixed(0.999999)).token).toBe(1);
});

test("draws each token with its probability", () => {
  const values = Float32Array.from([0, 1, 2]);
  const random = createRandom("counts");
  const counts = [0, 0, 0];
  for (let i = 0; i < 20_000; i++) counts[drawToken(values, {}, random).token]!++;
  // The standard deviation of each share is at most 0.0035.
  logSoftmax([...values]).forEach((logProb, i) =>
    expect(Math.abs(counts[i]! / 20_000 - Math.exp(logProb))).toBeLessThan(0.015),
  );
});

test("applies each filter by itself", () => {
  // Probabilities 0.4, 0.1, 0.3, 0.1, 0.1.
  const values = logsOf(4, 1, 3, 1, 1);
  expect(drawable(values, { topK: 1 })).toEqual([0]);
  expect(drawable(values, { topK: 2 })).toEqual([0, 2]);
  // The third to the fifth most likely tokens are equally likely; as in transformers and vLLM, all
  // of them stay.
  expect(drawable(values, { topK: 3 })).toEqual([0, 1, 2, 3, 4]);
  expect(drawable(values, { topP: 0.39 })).toEqual([0]);
  expect(drawable(values, { topP: 0.69 })).toEqual([0, 2]);
  // 0.4 + 0.3 = 0.7 is less than 0.75; the first of the three equally likely tokens completes the
  // mass.
  expect(drawable(values, { topP: 0.75 })).toEqual([0, 1, 2]);
  expect(drawable(values, { topP: 1e-9 })).toEqual([0]);
  // The ratio 0.3 / 0.4 is 0.75.
  expect(drawable(values, { minP: 0.74 })).toEqual([0, 2]);
  expect(drawable(values, { minP: 0.76 })).toEqual([0]);
  expect(drawable(values, { minP: 1 })).toEqual([0]);
  expect(drawable(values, { bannedTokens: [0, 3] })).toEqual([1, 2, 4]);
});

test("filters after the temperature, first top k, then top p, then min p", () => {
  const values = logsOf(4, 1, 3, 1, 1);
  // Square roots of the weights: 2, 1, 1.73, 1, 1, sum 6.73. The first has probability 0.297.
  expect(drawable(values, { temperature: 2, topP: 0.39 })).toEqual([0, 2]);
  // Two tokens remain, and the first has 4/7 of the mass.
  expect(drawable(values, { topK: 2, topP: 0.57 })).toEqual([0]);
  expect(drawable(values, { topK: 2, topP: 0.58 })).toEqual([0, 2]);
  // Without the banned token, the third has 3/6 of the mass; minP compares with the most likely
  // remaining token.
  expect(drawable(values, { bannedTokens: [0], topP: 0.49 })).toEqual([2]);
  expect(drawable(values, { bannedTokens: [0], minP: 0.34 })).toEqual([2]);
  expect(drawable(values, { bannedTokens: [0], minP: 0.33 })).toEqual([1, 2, 3, 4]);
  // minP alone would keep tokens 0 and 2, of which 0 has 4/7 of the mass.
  expect(drawable(values, { topP: 0.57, minP: 0.5 })).toEqual([0, 2]);
});

const anyOptions: fc.Arbitrary<DrawOptions> = fc.record(
  {
    temperature: fc.constantFrom(0.3, 1, 2),
    topK: fc.integer({ min: 0, max: 25 }),
    topP: fc.double({ min: 1e-3, max: 1, noNaN: true }),
    minP: fc.double({ min: 0, max: 1, noNaN: true }),
    bannedTokens: fc.constantFrom([], [0], [2, 5]),
  },
  { requiredKeys: [] },
);
/**
 * Few distinct values, so that many are equal, and a wide range, so that some have almost no
 * weight.
 */
const tiedLogits = fc
  .array(fc.constantFrom(-60, -9, -2, -1, 0, 0.5, 1, 1.25), { minLength: 7, maxLength: 30 })
  .map((values) => Float32Array.from(values));

/** Reference implementation of the filters. @returns Probabilities; 0 for excluded tokens. */
function filteredSlowly(values: readonly number[], options: DrawOptions): number[] {
  const { temperature = 1, topK = 0, topP = 1, minP = 0, bannedTokens = [] } = options;
  const normalised = (list: number[]): number[] => {
    const total = list.reduce((sum, x) => sum + x, 0);
    return list.map((x) => x / total);
  };
  let probabilities = normalised(
    values.map((value, id) => (bannedTokens.includes(id) ? 0 : Math.exp(value / temperature))),
  );
  if (topK > 0) {
    const last = probabilities.toSorted((a, b) => b - a)[Math.min(topK, values.length) - 1]!;
    probabilities = normalised(probabilities.map((p) => (p >= last ? p : 0)));
  }
  const order = probabilities.map((_, id) => id);
  order.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  let mass = 0;
  for (const id of order) {
    const isKept = topP === 1 || mass < topP;
    mass += probabilities[id]!;
    if (!isKept) probabilities[id] = 0;
  }
  const largest = Math.max(...probabilities);
  return normalised(probabilities.map((p) => (p >= minP * largest ? p : 0)));
}

test("draws from a normalized distribution that follows the filters' definitions", () => {
  fc.assert(
    fc.property(
      tiedLogits,
      anyOptions,
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (values, options, u) => {
        const expected = filteredSlowly([...values], options);
        const { token, logProb } = drawToken(values.slice(), options, fixed(u));
        // At a boundary between two tokens, rounding decides which is drawn.
        let below = 0;
        for (let id = 0; id < token; id++) below += expected[id]!;
        expect(expected[token]).toBeGreaterThan(0);
        expect(Math.exp(logProb)).toBeCloseTo(expected[token]!, 9);
        expect(below).toBeLessThan(u + 1e-9);
        expect(below + expected[token]!).toBeGreaterThan(u - 1e-9);
      },
    ),
  );
});

test("reports the entropy and the log-prob of the unfiltered distribution", () => {
  fc.assert(
    fc.property(tiedLogits, anyOptions, (values, options) => {
      const scaled = [...values].map((value) => value / (options.temperature ?? 1));
      const drawn = drawToken(values.slice(), options, createRandom("u"));
      expect(drawn.entropy).toBeCloseTo(entropyOfLogits(scaled), 9);
      expect(drawn.unfilteredLogProb).toBeCloseTo(logSoftmax(scaled)[drawn.token]!, 9);
      expect(drawn.logProb).toBeGreaterThanOrEqual(drawn.unfilteredLogProb - 1e-12);
    }),
  );
});

test("converges to the most likely token as the temperature falls, as k is 1, and as p goes to 0", () => {
  fc.assert(
    // Exclude 0, which draws the first token with positive probability.
    fc.property(tiedLogits, fc.double({ min: 1e-6, max: 0.999, noNaN: true }), (values, u) => {
      const { token } = drawToken(values, { temperature: 0 }, fixed(u));
      expect(drawToken(values, { topP: 1e-12 }, fixed(u)).token).toBe(token);
      for (const options of [{ temperature: 1e-3 }, { topK: 1 }, { minP: 1 }]) {
        const drawn = drawToken(values, options, fixed(u));
        expect(values[drawn.token]).toBe(values[token]);
      }
    }),
  );
});

test("refuses logits that are not numbers, and bans that leave no token", () => {
  const broken = (): Float32Array => Float32Array.from([0, Number.NaN]);
  for (const options of [{}, { temperature: 0.5, topK: 1 }]) {
    expect(() => drawToken(broken(), options, fixed(0.5))).toThrow(
      "drawToken: logits must be finite",
    );
  }
  expect(() => drawToken(Float32Array.of(Infinity, 0), {}, fixed(0.5))).toThrow("must be finite");
  const all = { bannedTokens: [0, 1] };
  expect(() => drawToken(logsOf(1, 1), all, fixed(0.5))).toThrow("must be finite");
});
