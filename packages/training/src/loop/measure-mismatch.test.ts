import { recordVersion, type Group } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import type { CreditedRow } from "./credit.ts";
import { measureMismatch } from "./measure-mismatch.ts";

/** One trajectory; each turn has the log-probs of the sampler and those of the learner. */
function batch(
  turns: readonly { readonly sampler: number[]; readonly old: number[] }[],
): [Group[], CreditedRow[]] {
  const groups: Group[] = [
    {
      id: "g",
      task: { id: "t", kind: "k" },
      trajectories: [
        {
          version: recordVersion,
          taskId: "t",
          taskKind: "k",
          groupId: "g",
          trajectoryIndex: 0,
          presentation: "turn-wise",
          policyVersion: 0,
          firstObservation: "",
          turns: turns.map(({ sampler }) => ({
            promptTokens: [1],
            responseTokens: sampler.map(() => 2),
            samplerLogProbs: sampler,
            action: "",
            isValidAction: true,
            observation: "",
            reward: 0,
          })),
          outcome: { kind: "terminated", isSuccess: true },
        },
      ],
    },
  ];
  const rows = turns.map(({ old }, turnIndex): CreditedRow => {
    const list = Float32Array.from(old);
    return {
      groupIndex: 0,
      trajectoryIndex: 0,
      row: { tokens: [1, 2], spans: [{ turnIndex, start: 1, length: old.length }] },
      responses: [
        {
          turnIndex,
          oldLogProbs: list,
          entropies: list,
          meanTokenEntropy: 1,
          advantages: list,
          baseAdvantage: 1,
          coefficient: 1,
          modulated: list,
        },
      ],
    };
  });
  return [groups, rows];
}

describe("measureMismatch", () => {
  it("is 0, with a full sample, where sampler and learner agree", () => {
    expect(measureMismatch(...batch([{ sampler: [-1, -0.5], old: [-1, -0.5] }]))).toEqual({
      samplerDifferenceMax: 0,
      samplerKl: 0,
      samplerEffectiveShare: 1,
    });
  });

  it("measures k3 and the effective sample size over the tokens of all responses", () => {
    // Log-ratios -1, 0, 0: k3 = (e^-1 - 1 + 1) / 3; ratios e^-1, 1, 1.
    const inverse = Math.exp(-1);
    const mean = (inverse + 2) / 3;
    const turns = [
      { sampler: [-1], old: [-2] },
      { sampler: [-0.5, -3], old: [-0.5, -3] },
    ];
    const found = measureMismatch(...batch(turns));
    expect(found.samplerDifferenceMax).toBe(1);
    expect(found.samplerKl).toBeCloseTo(inverse / 3, 12);
    expect(found.samplerEffectiveShare).toBeCloseTo(mean ** 2 / ((inverse ** 2 + 2) / 3), 12);
  });

  it("leaves out responses without log-probs of the sampler, and tolerates rounding", () => {
    const whole = { sampler: [0.01, -1], old: [0, -1] };
    const turns = [whole, { sampler: [], old: [-9] }, { sampler: [Number.NaN], old: [-9] }];
    expect(measureMismatch(...batch(turns))).toEqual(measureMismatch(...batch([whole])));
    expect(measureMismatch(...batch([whole])).samplerKl).toBe(0);
    expect(measureMismatch(...batch([{ sampler: [], old: [-1] }]))).toEqual({});
  });
});
