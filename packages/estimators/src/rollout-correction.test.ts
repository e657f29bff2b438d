import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  mismatchMetrics,
  offPolicyMask,
  rolloutCorrection,
  rolloutCorrections,
  type RolloutCorrectionRule,
} from "./rollout-correction.ts";
import { ratioStatistics } from "./ratio-statistics.ts";

/** Creates log-probs with the given ratios old / sampler. */
function createTokens(ratios: readonly (readonly number[])[]): {
  oldLogProbs: number[][];
  samplerLogProbs: number[][];
} {
  return {
    oldLogProbs: ratios.map((row) => row.map((ratio) => Math.log(ratio) - 5)),
    samplerLogProbs: ratios.map((row) => row.map(() => -5)),
  };
}

function near(rows: readonly (readonly number[])[]): unknown[][] {
  return rows.map((row) => row.map((value) => expect.closeTo(value, 9)));
}

describe("rolloutCorrection", () => {
  const tokens = createTokens([
    [4, 0.5],
    [1, 0.25],
  ]);

  it.each<[keyof typeof rolloutCorrections, number[][]]>([
    [
      "tokenTruncated",
      [
        [2, 0.5],
        [1, 0.25],
      ],
    ],
    // Ratio products 2 and 0.25.
    [
      "sequenceTruncated",
      [
        [2, 2],
        [0.25, 0.25],
      ],
    ],
    [
      "icePop",
      [
        [4, 0.5],
        [1, 0],
      ],
    ],
    // Geometric means sqrt(2) and 0.5.
    [
      "geometricMask",
      [
        [0, 0],
        [0, 0],
      ],
    ],
    [
      "sequenceMask",
      [
        [1, 1],
        [1, 1],
      ],
    ],
  ])("weights tokens by the rule of %s", (name, expected) => {
    // In log space, a ratio of exactly 0.5 may be rounded to either side of IcePop's bound, so
    // shift the bound.
    const rule = { ...rolloutCorrections[name], ...(name === "icePop" && { low: 0.499 }) };
    expect(rolloutCorrection(tokens, rule).weights).toEqual(near(expected));
  });

  it("limits from below as well", () => {
    const rule = { level: "token", low: 0.4, high: 3, inside: "one", outside: "limit" } as const;
    const { weights, limitedShare, droppedShare } = rolloutCorrection(tokens, rule);
    expect(weights).toEqual([
      [3, 1],
      [1, 0.4],
    ]);
    expect(limitedShare).toBe(0.5);
    expect(droppedShare).toBe(0);
  });

  it("reports which tokens stay in the loss", () => {
    const { isKept, droppedShare } = rolloutCorrection(
      {
        ...tokens,
        masks: [
          [1, 1],
          [0, 1],
        ],
      },
      { ...rolloutCorrections.icePop, low: 0.499 },
    );
    expect(isKept).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(droppedShare).toBeCloseTo(1 / 3, 12);
  });

  it("neither reads masked tokens nor counts them in a sequence's product", () => {
    const masked = {
      oldLogProbs: [[-1, NaN]],
      samplerLogProbs: [[-1, NaN]],
      masks: [[1, 0]],
    };
    for (const rule of Object.values(rolloutCorrections)) {
      expect(rolloutCorrection(masked, rule).weights).toEqual([[1, 0]]);
    }
  });

  it("excludes masked tokens from a sequence's mean", () => {
    // One counted token with ratio 4 and one masked token: the geometric mean is 4, not 2.
    const { weights } = rolloutCorrection(
      { ...createTokens([[4, 1]]), masks: [[1, 0]] },
      { level: "geometric-mean", high: 9, inside: "ratio", outside: "zero" },
    );
    expect(weights).toEqual(near([[4, 0]]));
  });

  it("changes nothing if sampler and learner agree", () => {
    const logProbs = fc.array(
      fc.array(fc.double({ min: -40, max: 0, noNaN: true }), { maxLength: 8 }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(logProbs, fc.constantFrom(...Object.values(rolloutCorrections)), (rows, rule) => {
        const result = rolloutCorrection({ oldLogProbs: rows, samplerLogProbs: rows }, rule);
        expect(result.weights).toEqual(rows.map((row) => row.map(() => 1)));
        expect(result.mismatch.effectiveSampleShare).toBe(1);
        expect(result.mismatch.chiSquare).toBe(0);
        expect(result.droppedShare + result.limitedShare).toBe(0);
      }),
    );
  });

  it("stays within its bounds, and finite, however different the engines are", () => {
    const logProb = fc.double({ min: -1e6, max: 0, noNaN: true });
    const rows = fc.array(fc.array(fc.tuple(logProb, logProb), { maxLength: 8 }), { maxLength: 5 });
    const rule = fc.record<RolloutCorrectionRule>({
      level: fc.constantFrom("token", "sequence", "geometric-mean"),
      low: fc.double({ min: 0, max: 1, noNaN: true }),
      high: fc.double({ min: 1, max: 10, noNaN: true }),
      inside: fc.constantFrom("ratio", "one"),
      outside: fc.constantFrom("limit", "zero"),
    });
    fc.assert(
      fc.property(rows, rule, (rows, rule) => {
        const { weights, mismatch } = rolloutCorrection(
          {
            oldLogProbs: rows.map((row) => row.map(([old]) => old)),
            samplerLogProbs: rows.map((row) => row.map(([, sampler]) => sampler)),
          },
          rule,
        );
        for (const weight of weights.flat()) {
          const isDropped = weight === 0 && rule.outside === "zero";
          expect(isDropped || (weight >= rule.low! && weight <= rule.high) || weight === 1).toBe(
            true,
          );
        }
        expect(Object.values(mismatch).every((value) => !Number.isNaN(value))).toBe(true);
        expect(mismatch.effectiveSampleShare).toBeGreaterThan(0);
        expect(mismatch.effectiveSampleShare).toBeLessThanOrEqual(1 + 1e-12);
        expect(mismatch.klK3).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("names the invalid argument", () => {
    const rule = rolloutCorrections.tokenTruncated;
    expect(() =>
      rolloutCorrection({ oldLogProbs: [[0.5]], samplerLogProbs: [[-1]] }, rule),
    ).toThrow("rolloutCorrection: oldLogProbs[0][0] must be finite and <= 0, got 0.5");
    expect(() => rolloutCorrection({ oldLogProbs: [[-1]], samplerLogProbs: [[]] }, rule)).toThrow(
      "rolloutCorrection: oldLogProbs[0] and samplerLogProbs[0] must have the same length, got 1 and 0",
    );
    expect(() => rolloutCorrection(tokens, { ...rule, low: 3 })).toThrow(
      "rolloutCorrection: high must be >= low (3), got 2",
    );
  });
});

describe("mismatchMetrics", () => {
  it("measures a worked sample", () => {
    const metrics = mismatchMetrics(createTokens([[1, 3]]));
    // (1 + 3)^2 / (2 * (1 + 9))
    expect(metrics.effectiveSampleShare).toBeCloseTo(0.8, 12);
    expect(metrics.meanRatio).toBeCloseTo(2, 12);
    expect(metrics.minRatio).toBeCloseTo(1, 12);
    expect(metrics.maxRatio).toBeCloseTo(3, 12);
    expect(metrics.highTail).toBe(0.5);
    expect(metrics.lowTail).toBe(0);
    expect(metrics.klK1).toBeCloseTo(-Math.log(3) / 2, 12);
    expect(metrics.klK3).toBeCloseTo((2 - Math.log(3)) / 2, 12);
    expect(metrics.chiSquare).toBeCloseTo(4, 12);
    expect(metrics.perplexityGap).toBeCloseTo(1 / Math.sqrt(3) - 1, 12);
  });

  it("reports no mismatch for an empty batch", () => {
    const metrics = mismatchMetrics({ oldLogProbs: [[]], samplerLogProbs: [[]] });
    expect(metrics.effectiveSampleShare).toBe(1);
    expect(metrics.klK3).toBe(0);
  });
});

describe("offPolicyMask", () => {
  it("drops only sequences with a negative advantage that became unlikely", () => {
    const sampler = [[-1], [-1], [-1], []];
    const fresh = [[-4], [-4], [-1.5], []];
    expect(offPolicyMask([-1, 1, -1, -1], fresh, sampler, { maxGap: 1 })).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });
});

describe("ratioStatistics", () => {
  it("finds the maximum ratio, which no sum can", () => {
    const statistics = ratioStatistics([[Math.log(2) - 3, -3]], [[-3, -3]]);
    expect(statistics.maxRatio).toBeCloseTo(2, 12);
    expect(statistics.minRatio).toBe(1);
    expect(statistics.meanRatio).toBeCloseTo(1.5, 12);
    expect(statistics.klK1).toBeCloseTo(-Math.log(2) / 2, 12);
    expect(statistics.klK3).toBeCloseTo((1 - Math.log(2)) / 2, 12);
    expect(ratioStatistics([], []).maxRatio).toBe(1);
  });
});
