import { describe, expect, it } from "vitest";
import type { TrainingRecord } from "./training-records.ts";
import { analyzeTransition, reportTransition } from "./transition.ts";

const entropy = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];

function record(arm: string, seed: number, shift: number, base = "same"): TrainingRecord {
  const rising = entropy.toReversed();
  return {
    source: `${arm}-${seed}`,
    experiment: "games",
    arm,
    modulation: arm.startsWith("aem") ? "aem" : "none",
    base,
    seed,
    curves: {
      meanTokenEntropy: entropy.map((value) => value + shift),
      meanTokenEntropyPositive: [null, ...entropy.slice(1)],
      meanTokenEntropyNegative: entropy,
      positiveShare: rising,
      success: rising,
    },
  };
}

describe("analyzeTransition", () => {
  it("compares the first and last fifth of the iterations", () => {
    const [arm] = analyzeTransition([record("none", 1, 0)]).arms;
    expect(arm!.earlyEntropy).toBeCloseTo(0.95, 12);
    expect(arm!.lateEntropy).toBeCloseTo(0.15, 12);
    expect(arm!.lateSuccess).toBeCloseTo(0.95, 12);
    // The positive shares are 0.1, 0.2, ..., 1: above one half from the sixth iteration onward.
    expect(arm!.mostlyPositiveFrom).toBe(6);
  });

  it("leaves out iterations without a value", () => {
    const { curves } = analyzeTransition([record("none", 1, 0)]).arms[0]!;
    expect(curves.meanTokenEntropyPositive.map(({ iteration }) => iteration)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it("pairs arms by seed, whatever the order", () => {
    const records = [
      record("aem", 2, 0.3),
      record("none", 1, 0),
      record("aem", 1, 0.1),
      record("none", 2, 0),
      record("aem", 3, 9),
    ];
    const { differences, arms } = analyzeTransition(records);
    expect(arms.map(({ arm, seeds }) => [arm, seeds])).toEqual([
      ["aem", [1, 2, 3]],
      ["none", [1, 2]],
    ]);
    expect(differences[0]!.seeds).toEqual([1, 2]);
    const { values, interval } = differences[0]!.earlyEntropy;
    expect(values.map((value) => Number(value.toFixed(9)))).toEqual([0.1, 0.3]);
    expect(interval!.estimate).toBeCloseTo(0.2, 12);
  });

  it("compares only arms that differ in their modulator alone", () => {
    const records = [record("none", 1, 0, "dapo"), record("aem", 1, 0.1, "grpo")];
    expect(analyzeTransition(records).differences).toEqual([]);
  });

  it("gives no interval for one seed", () => {
    const { paragraph } = reportTransition(
      analyzeTransition([record("none", 1, 0), record("aem", 1, 0.1)]),
    );
    expect(paragraph).toContain("aem minus no modulation (one seed, so no interval)");
    expect(paragraph).toContain("early entropy +0.100");
  });

  it("names what is wrong", () => {
    const other = { ...record("aem", 1, 0), experiment: "shop" };
    expect(() => analyzeTransition([record("none", 1, 0), other])).toThrow(
      "aem-1: experiment must be the same as in none-1 (games), got shop",
    );
    expect(() => analyzeTransition([record("aem", 1, 0), record("aem", 1, 0)])).toThrow(
      "aem-1: arm aem must have each seed only once, got seed 1 also in aem-1",
    );
    const bare = { ...record("none", 1, 0), curves: {} };
    expect(() => analyzeTransition([bare])).toThrow(
      "none-1: iterations must have metric positiveShare, got none",
    );
  });
});
