import { createRandom } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  areaUnderCurve,
  bcaInterval,
  detectableEffect,
  holmAdjust,
  improvementProbability,
  pairedPower,
  countSeedsNeeded,
  signFlipTest,
  summarizeSeeds,
  tInterval,
  toleranceInterval,
  welchInterval,
  wilsonInterval,
  type IntervalEstimate,
} from "./index.ts";

// Multiples of 1/64, which are added and scaled by powers of two without rounding.
const value = fc.integer({ min: -64_000, max: 64_000 }).map((n) => n / 64);
const seeds = fc.array(value, { minLength: 2, maxLength: 7 });
const random = createRandom("properties");

const intervals: Readonly<
  Record<string, (values: readonly number[]) => Pick<IntervalEstimate, "low" | "high">>
> = {
  tInterval,
  bcaInterval: (values) => bcaInterval(values, random),
  toleranceInterval,
  welchInterval: (values) => welchInterval(values, [0, 0]),
};

/** Tolerance for rounding of sums and roots, relative to the size of the values. */
const close = (actual: number, expected: number, size: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, size));

describe.each(Object.entries(intervals))("%s", (_, interval) => {
  it("moves with a shift and widens with a scale", () => {
    fc.assert(
      fc.property(seeds, value, fc.constantFrom(0.5, 2, 8), (values, shift, scale) => {
        const { low, high } = interval(values);
        const moved = interval(values.map((each) => scale * each + shift));
        const size = scale * Math.max(Math.abs(low), Math.abs(high)) + Math.abs(shift);
        close(moved.low, scale * low + shift, size);
        close(moved.high, scale * high + shift, size);
      }),
      { numRuns: 25 },
    );
  });

  it("does not depend on the order of the seeds, and is not empty", () => {
    fc.assert(
      fc.property(seeds, (values) => {
        const { low, high } = interval(values);
        const turned = interval(values.toReversed());
        const size = Math.max(Math.abs(low), Math.abs(high));
        expect(low).toBeLessThanOrEqual(high);
        close(turned.low, low, size);
        close(turned.high, high, size);
      }),
      { numRuns: 25 },
    );
  });
});

it("intervals widen with confidence and hold their estimate", () => {
  fc.assert(
    fc.property(seeds, (values) => {
      const wide = tInterval(values, { confidence: 0.99 });
      const narrow = tInterval(values, { confidence: 0.8 });
      expect(wide.low).toBeLessThanOrEqual(narrow.low);
      expect(narrow.low).toBeLessThanOrEqual(narrow.estimate);
      expect(narrow.estimate).toBeLessThanOrEqual(narrow.high);
      expect(narrow.high).toBeLessThanOrEqual(wide.high);
    }),
  );
});

describe("signFlipTest", () => {
  const differences = fc.array(value, { minLength: 1, maxLength: 12 });

  it("has p between the smallest possible and 1, whatever signs and order", () => {
    fc.assert(
      fc.property(differences, (values) => {
        const { p, smallestP } = signFlipTest(values, random);
        expect(p).toBeGreaterThanOrEqual(Math.min(1, smallestP));
        expect(p).toBeLessThanOrEqual(1);
        expect(signFlipTest(values.toReversed(), random).p).toBe(p);
        expect(
          signFlipTest(
            values.map((each) => -each),
            random,
          ).p,
        ).toBe(p);
        expect(
          signFlipTest(
            values.map((each) => 4 * each),
            random,
          ).p,
        ).toBe(p);
      }),
    );
  });

  it("equals the enumeration of all signs", () => {
    fc.assert(
      fc.property(differences, (values) => {
        const observed = Math.abs(values.reduce((sum, each) => sum + each, 0));
        let extreme = 0;
        for (let signs = 0; signs < 2 ** values.length; signs++) {
          const sum = values.reduce((s, each, i) => s + ((signs >> i) & 1 ? each : -each), 0);
          if (Math.abs(sum) >= observed) extreme++;
        }
        expect(signFlipTest(values, random).p).toBe(extreme / 2 ** values.length);
      }),
    );
  });
});

describe("holmAdjust", () => {
  const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

  it("keeps the order of p values, never lessens one, and stays within Bonferroni's", () => {
    fc.assert(
      fc.property(pValues, (values) => {
        const adjusted = holmAdjust(values);
        for (const [i, p] of values.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, values.length * p));
          const larger = adjusted.filter((_, j) => values[j]! >= p);
          expect(adjusted[i]).toBe(Math.min(...larger));
        }
      }),
    );
  });

  it("permutes with its p values", () => {
    fc.assert(
      fc.property(pValues, (values) => {
        expect(holmAdjust(values.toReversed())).toEqual(holmAdjust(values).toReversed());
      }),
    );
  });
});

it("improvement probabilities of both directions add to 1", () => {
  fc.assert(
    fc.property(seeds, (values) => {
      const there = improvementProbability(values);
      const back = improvementProbability(values.map((each) => -each));
      close(there.estimate + back.estimate, 1, 1);
      close(there.low, 1 - back.high, 1);
      expect(there.low).toBeLessThanOrEqual(there.estimate);
      expect(there.estimate).toBeLessThanOrEqual(there.high);
    }),
  );
});

it("Wilson intervals lie in [0, 1], hold the rate, and mirror", () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), (solved, failed) => {
      const total = solved + failed + 1;
      const { low, high, estimate } = wilsonInterval(solved, total);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(low).toBeLessThanOrEqual(estimate);
      expect(estimate).toBeLessThanOrEqual(high);
      expect(high).toBeLessThanOrEqual(1);
      close(wilsonInterval(total - solved, total).high, 1 - low, 1);
    }),
  );
});

it("areas lie between the lowest and the highest point, and are linear", () => {
  const curve = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), value), { minLength: 1 });
  fc.assert(
    fc.property(curve, value, (points, shift) => {
      let position = 0;
      const positions = points.map(([step]) => (position += step));
      const values = points.map(([, height]) => height);
      const area = areaUnderCurve(positions, values);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      expect(area).toBeGreaterThanOrEqual(low - 1e-9 * Math.abs(low));
      expect(area).toBeLessThanOrEqual(high + 1e-9 * Math.abs(high));
      const moved = areaUnderCurve(
        positions,
        values.map((height) => 2 * height + shift),
      );
      close(moved, 2 * area + shift, Math.abs(low) + Math.abs(high) + Math.abs(shift));
    }),
  );
});

it("power rises with the effect and the number of seeds, from the level on", () => {
  const effect = fc.double({ min: 0, max: 4, noNaN: true });
  fc.assert(
    fc.property(effect, fc.integer({ min: 2, max: 60 }), (size, numSeeds) => {
      const power = pairedPower(size, numSeeds);
      expect(power).toBeGreaterThanOrEqual(0.05 - 1e-9);
      expect(power).toBeLessThanOrEqual(1);
      expect(pairedPower(-size, numSeeds)).toBeCloseTo(power, 12);
      expect(pairedPower(size + 0.1, numSeeds)).toBeGreaterThanOrEqual(power - 1e-12);
      expect(pairedPower(size, numSeeds + 1)).toBeGreaterThanOrEqual(power - 1e-9);
    }),
    { numRuns: 30 },
  );
});

it("the detectable effect has the power asked for, and needs its seeds", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.constantFrom(0.5, 0.8, 0.9), (n, power) => {
      const effect = detectableEffect(n, { power });
      expect(pairedPower(effect, n)).toBeCloseTo(power, 9);
      expect(countSeedsNeeded(1.0001 * effect, { power })).toBe(n);
    }),
    { numRuns: 8 },
  );
});

it("medians lie within the range, and means too", () => {
  fc.assert(
    fc.property(seeds, (values) => {
      const { numSeeds, mean, median, min, max } = summarizeSeeds(values);
      expect(numSeeds).toBe(values.length);
      for (const center of [mean, median]) {
        expect(center).toBeGreaterThanOrEqual(min);
        expect(center).toBeLessThanOrEqual(max);
      }
    }),
  );
});
