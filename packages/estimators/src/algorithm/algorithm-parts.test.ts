import { describe, expect, it } from "vitest";
import {
  batchRows,
  compileAlgorithm,
  grpo,
  policyGradient,
  shareCredit,
  type AdvantageEstimator,
  type Algorithm,
  type RolloutCorrector,
} from "../index.ts";
import { createGroup, createScores } from "../testing/groups.ts";

const group = createGroup("g", [
  { turns: [{ reward: 1, length: 2 }] },
  { turns: [{ reward: 0, length: 2 }] },
]);
const scores = createScores([group]);

/** Estimator whose advantage is twice the reward of the turn. */
const doubled: AdvantageEstimator = {
  name: "doubled",
  estimate: ({ groups, rows }) =>
    shareCredit(
      rows,
      groups.map(({ trajectories }) =>
        trajectories.map(({ turns }) => turns.map(({ reward }) => 2 * reward)),
      ),
    ),
};

describe("a custom component", () => {
  it("estimates advantages", () => {
    const algorithm: Algorithm = { ...grpo, advantages: { kind: "custom", name: "doubled" } };
    const compiled = compileAlgorithm(algorithm, { advantages: doubled });
    const rows = batchRows([group]);
    const { credits } = compiled.credit({ groups: [group], rows, scores }, compiled.initialState);
    expect(credits.map(([credit]) => [...credit!.advantages])).toEqual([
      [2, 2],
      [0, 0],
    ]);
    expect(compiled.needs.critic).toBe(false);
  });

  it("needs a critic if it declares one, and then a value loss", () => {
    const algorithm: Algorithm = { ...grpo, advantages: { kind: "custom", name: "critic" } };
    const critic = { ...doubled, name: "critic", needsCritic: true };
    expect(() => compileAlgorithm(algorithm, { advantages: critic })).toThrow(
      /^compileAlgorithm: algorithm.valueLoss.kind must be "squared" with advantages.kind "custom"/,
    );
    const withLoss: Algorithm = { ...algorithm, valueLoss: { kind: "squared" } };
    expect(compileAlgorithm(withLoss, { advantages: critic }).needs.critic).toBe(true);
  });

  it("is the surrogate, combined with the other terms of the loss", () => {
    const mine = { ...policyGradient(), name: "mine" };
    const algorithm: Algorithm = { ...grpo, surrogate: { kind: "custom", name: "mine" } };
    const { objective } = compileAlgorithm(algorithm, { surrogate: mine });
    expect(objective.name).toContain("mine");
    expect(objective.needs).toContain("referenceLogProbs");
  });

  it("corrects rollouts, and removes tokens from the aggregation", () => {
    const first: RolloutCorrector = {
      name: "first-row",
      correct: (rows) => ({
        weights: rows.map((row, i) => Array.from(row.oldLogProbs, () => (i === 0 ? 1 : 0))),
        isKept: rows.map((row, i) => Array.from(row.oldLogProbs, () => i === 0)),
        metrics: { dropped: 0.5 },
      }),
    };
    const algorithm: Algorithm = {
      ...grpo,
      rolloutCorrection: { kind: "custom", name: "first-row" },
    };
    const compiled = compileAlgorithm(algorithm, { rolloutCorrection: first });
    const row = { oldLogProbs: [-1, -1], samplerLogProbs: [-1, -1], advantages: [1, 1] };
    const { weights, isKept } = compiled.correctRollout([row, row]);
    const found = compiled.tokenWeights(
      weights.map((own, i) => ({
        numTokens: 2,
        group: 0,
        correction: { weights: own, isKept: isKept[i]! },
      })),
    );
    expect(found.map((own) => [...own])).toEqual([
      [0.5, 0.5],
      [0, 0],
    ]);
  });

  it("is refused if it is missing, or another", () => {
    const algorithm: Algorithm = { ...grpo, advantages: { kind: "custom", name: "mine" } };
    expect(() => compileAlgorithm(algorithm)).toThrow(
      "compileAlgorithm: parts.advantages must have the name mine, as in algorithm.advantages, got none",
    );
    expect(() => compileAlgorithm(algorithm, { advantages: doubled })).toThrow("got doubled");
  });
});
