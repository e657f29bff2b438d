import { describe, expect, it } from "vitest";
import { boundEntropies } from "./bound-entropies.ts";
import { compareCoefficients } from "./uncertainty.ts";

describe("compareCoefficients", () => {
  const groups = ["a", "a", "a", "b", "b", "c", "c"];
  const exact = [1.4, 1.1, 0.5, 1, 1, 1.2, 0.8];

  it("finds nothing lost where the coefficients are equal", () => {
    const { rankCorrelation, withinGroups, ...rest } = compareCoefficients(exact, exact, groups);
    expect(rest).toEqual({ deadZoneShare: 1 / 3, sameDecisionShare: 1, meanDifference: 0 });
    expect(rankCorrelation).toBeCloseTo(1, 12);
    expect(withinGroups!.low).toBeCloseTo(1, 12);
  });

  it("counts decisions by group, and correlates in the groups that exact entropies modulate", () => {
    // Group b is modulated only by the measure, group c only by exact entropies; in group a the
    // first two coefficients are swapped.
    const measured = [1.1, 1.4, 0.5, 1.3, 0.7, 1, 1];
    const { withinGroups, ...compared } = compareCoefficients(exact, measured, groups);
    expect(compared.deadZoneShare).toBeCloseTo(1 / 3, 12);
    expect(compared.sameDecisionShare).toBeCloseTo(1 / 3, 12);
    expect(compared.meanDifference).toBeCloseTo((0.6 + 0.6 + 0.4) / 7, 12);
    // Only group a has a rank correlation, and a single value has no interval.
    expect(withinGroups).toBeUndefined();
    // Ranks of a and c: (5, 3, 1, 4, 2) and (4, 5, 1, 2.5, 2.5).
    expect(compared.rankCorrelation).toBeCloseTo(6 / Math.sqrt(10 * 9.5), 12);
  });

  it("has no correlation where every group is dead", () => {
    const dead = compareCoefficients([1, 1], [1.2, 0.8], ["a", "a"]);
    expect(dead).toEqual({
      deadZoneShare: 0,
      sameDecisionShare: 0,
      meanDifference: expect.closeTo(0.2, 12),
    });
  });
});

describe("boundEntropies", () => {
  it("narrows the bounds as k grows, down to the entropy", () => {
    const probabilities = [0.5, 0.3, 0.15, 0.05];
    const tops = [[probabilities.map(Math.log)]];
    const entropy = probabilities.reduce((sum, p) => sum - p * Math.log(p), 0);
    const bounds = [1, 2, 3, 4].map((k) => boundEntropies(tops, k, 4)[0]!);
    for (const [i, { low, high }] of bounds.entries()) {
      expect(low[0]! - 1e-12).toBeLessThanOrEqual(entropy);
      expect(high[0]! + 1e-12).toBeGreaterThanOrEqual(entropy);
      expect(low[0]!).toBeGreaterThanOrEqual((bounds[i - 1]?.low[0] ?? 0) - 1e-12);
    }
    expect(bounds[3]!.low[0]).toBeCloseTo(entropy, 12);
    // With one known choice of 1/2, the entropy is between log 2 and log 2 + log(3) / 2.
    expect(bounds[0]!.low[0]).toBeCloseTo(Math.log(2), 12);
    expect(bounds[0]!.high[0]).toBeCloseTo(Math.log(2) + Math.log(3) / 2, 12);
  });
});
