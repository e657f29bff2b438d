import { describe, expect, it } from "vitest";
import { groupAdvantages } from "./group-advantages.ts";
import { grpoPresets, type GrpoPreset } from "./grpo-presets.ts";

function round(groups: readonly (readonly number[])[], digits: number): string[][] {
  return groups.map((group) => group.map((advantage) => advantage.toFixed(digits)));
}

describe("groupAdvantages", () => {
  it("subtracts the group's mean", () => {
    expect(groupAdvantages([[1, 0, 0, 0]], { scale: "none" })).toEqual([
      [0.75, -0.25, -0.25, -0.25],
    ]);
  });

  it("divides by the sample's deviation, with epsilon", () => {
    // Mean 2, squared deviations 1, 0, 1: sample variance 1, so each difference is divided by 1 +
    // 0.25.
    expect(groupAdvantages([[1, 2, 3]], { epsilon: 0.25 })).toEqual([[-0.8, 0, 0.8]]);
  });

  it("divides by the population's deviation", () => {
    // Mean 1, population variance 1.
    expect(groupAdvantages([[0, 2]], { scale: "population", epsilon: 0 })).toEqual([[-1, 1]]);
  });

  it("compares with the other members", () => {
    expect(groupAdvantages([[3, 0, 0]], { baseline: "leave-one-out", scale: "none" })).toEqual([
      [3, -1.5, -1.5],
    ]);
  });

  it("compares with the batch", () => {
    expect(groupAdvantages([[1, 3], [8]], { baseline: "batch", scale: "none" })).toEqual([
      [-3, -1],
      [4],
    ]);
  });

  it("returns exactly 0 for equal returns, whatever their rounding", () => {
    expect(groupAdvantages([[0.1, 0.1, 0.1]], { epsilon: 0 })).toEqual([[0, 0, 0]]);
    expect(groupAdvantages([[0.1, 0.1, 0.1]], { ...grpoPresets.nemoRl, epsilon: 0 })).toEqual([
      [0, 0, 0],
    ]);
  });

  it("treats a group of one by its rule", () => {
    expect(groupAdvantages([[2]])).toEqual([[0]]);
    expect(groupAdvantages([[2]], { singleton: "raw", scale: "none" })).toEqual([[2]]);
    expect(groupAdvantages([[2]], { singleton: "raw", epsilon: 1 })).toEqual([[1]]);
    expect(groupAdvantages([[2]], { baseline: "none", epsilon: 1 })).toEqual([[2]]);
  });

  it("keeps empty groups empty", () => {
    expect(groupAdvantages([[], [1, 1]])).toEqual([[], [0, 0]]);
    expect(groupAdvantages([])).toEqual([]);
    expect(groupAdvantages([[]], grpoPresets.areal)).toEqual([[]]);
  });

  it("gives long trajectories more weight in the statistics", () => {
    // One row per response: 1, 0, 0, 0. Mean 0.25, squared deviations 0.5625 + 3 x 0.0625 = 0.75,
    // divided by 3: 0.25.
    const options = { ...grpoPresets.verlAgent, epsilon: 0, numResponses: [[1, 3]] };
    expect(groupAdvantages([[1, 0]], options)).toEqual([[1.5, -0.5]]);
  });

  it("weights the others by their counts", () => {
    // Responses of the other trajectories. For the first: 0, 0, 6, mean 2; for the second: 3 and 6;
    // for the third: 3, 0, 0.
    const options = { ...grpoPresets.rloo, statisticsOver: "responses" } as const;
    expect(groupAdvantages([[3, 0, 6]], { ...options, numResponses: [[1, 2, 1]] })).toEqual([
      [1, -4.5, 5],
    ]);
  });

  it("detects a group of one in terms of responses", () => {
    const options = { ...grpoPresets.verlAgent, scale: "none" } as const;
    // One trajectory with three responses is compared with its own mean; with one response it is a
    // group of one and keeps its return.
    expect(groupAdvantages([[2]], { ...options, numResponses: [[3]] })).toEqual([[0]]);
    expect(groupAdvantages([[2]], { ...options, numResponses: [[1]] })).toEqual([[2]]);
    expect(groupAdvantages([[2, 5]], { ...options, numResponses: [[1, 0]] })).toEqual([[2, 5]]);
  });

  it("excludes trajectories without responses from the statistics", () => {
    const options = { ...grpoPresets.verlAgent, scale: "none", numResponses: [[1, 1, 0]] } as const;
    expect(groupAdvantages([[1, 0, 8]], options)).toEqual([[0.5, -0.5, 7.5]]);
    expect(groupAdvantages([[8, 3]], { ...options, numResponses: [[0, 0]] })).toEqual([[8, 3]]);
  });

  it("names the invalid argument", () => {
    expect(() => groupAdvantages([[1], [0, Number.NaN]])).toThrow(
      "groupAdvantages: returns[1][1] must be finite and at most 1e100 in size, got NaN",
    );
    expect(() => groupAdvantages([[1e200]])).toThrow(RangeError);
    expect(() => groupAdvantages([[1]], { epsilon: -1 })).toThrow(
      "groupAdvantages: epsilon must be finite and >= 0, got -1",
    );
    expect(() => groupAdvantages([[1]], grpoPresets.verlAgent)).toThrow(
      'groupAdvantages: numResponses must be given with statisticsOver "responses", got undefined',
    );
    expect(() =>
      groupAdvantages([[1, 2]], { ...grpoPresets.verlAgent, numResponses: [[3]] }),
    ).toThrow(
      "groupAdvantages: returns[0] and numResponses[0] must have the same length, got 2 and 1",
    );
    expect(() =>
      groupAdvantages([[1, 2]], { ...grpoPresets.verlAgent, numResponses: [[3, 0.5]] }),
    ).toThrow("groupAdvantages: numResponses[0][1] must be a whole number >= 0, got 0.5");
  });
});

describe("grpoPresets", () => {
  // Results of each framework's own code for returns 1,0,0,0,0,0,0,1.
  const golden: readonly [GrpoPreset, string, string][] = [
    ["verl", "1.620182", "-0.540061"],
    ["skyrl", "1.620182", "-0.540061"],
    ["slime", "1.620182", "-0.540061"],
    ["trl", "1.619835", "-0.539945"],
    ["rllm", "1.732047", "-0.577349"],
    ["nemoRl", "2.267781", "-0.585539"],
    ["primeRl", "0.750000", "-0.250000"],
    ["tinker", "0.750000", "-0.250000"],
    ["drGrpo", "0.750000", "-0.250000"],
    ["rloo", "0.857143", "-0.285714"],
    // Computed by the formulas of these frameworks: sqrt(3/14) + epsilon.
    ["openrlhf", "1.620185", "-0.540062"],
    ["roll", "1.620182", "-0.540061"],
    ["areal", "1.620150", "-0.540050"],
    ["trlBatch", "1.619835", "-0.539945"],
  ];
  it.each(golden)("computes %s's advantages: %s and %s", (preset, success, failure) => {
    const [advantages] = round(groupAdvantages([[1, 0, 0, 0, 0, 0, 0, 1]], grpoPresets[preset]), 6);
    expect(advantages).toEqual([success, ...Array<string>(6).fill(failure), success]);
  });

  const returns = [[1, 0, 0], [2]];
  it("computes verl's results for a group of three and a group of one", () => {
    expect(round(groupAdvantages(returns, grpoPresets.verl), 7)).toEqual([
      // In float32, as in verl: 1.1546985, -0.5773493, 1.9999981.
      ["1.1546985", "-0.5773493", "-0.5773493"],
      ["1.9999980"],
    ]);
    expect(round(groupAdvantages(returns, grpoPresets.drGrpo), 7)).toEqual([
      ["0.6666667", "-0.3333333", "-0.3333333"],
      ["2.0000000"],
    ]);
    expect(groupAdvantages(returns, grpoPresets.rloo)).toEqual([[1, -0.5, -0.5], [2]]);
    expect(groupAdvantages(returns, grpoPresets.rlooVectorized)).toEqual([[1, -0.5, -0.5], [0]]);
  });
});
