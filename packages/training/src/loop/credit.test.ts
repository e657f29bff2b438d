import {
  createRandom,
  recordVersion,
  type Group,
  type ScoredRow,
  type Trajectory,
} from "@turnwise/core";
import { compileModulator, type Modulator } from "@turnwise/aem";
import { describe, expect, it } from "vitest";
import {
  batchRows,
  compileAlgorithm,
  grpo,
  ppo,
  type BatchRow,
  type TokenCredit,
} from "@turnwise/estimators";
import { creditRows, toTrainingRows } from "./credit.ts";

function trajectory(lengths: readonly number[]): Trajectory {
  return {
    version: recordVersion,
    taskId: "t",
    taskKind: "k",
    groupId: "g",
    trajectoryIndex: 0,
    presentation: "concatenated",
    policyVersion: 0,
    firstObservation: "",
    outcome: { kind: "truncated", limit: "turns" },
    turns: lengths.map((length) => ({
      promptTokens: [7, 7],
      responseTokens: Array.from({ length }, () => 5),
      samplerLogProbs: Array.from({ length }, () => -1),
      action: "",
      isValidAction: true,
      observation: "",
      reward: 0,
    })),
  };
}

const group = (...trajectories: Trajectory[]): Group => ({
  id: "g",
  task: { id: "t", kind: "k" },
  trajectories,
});

/**
 * Creates scores in which all tokens of a span have the same entropy; entropies are taken from a
 * list, span by span.
 */
function scores(groups: readonly Group[], entropies: number[]): ScoredRow[] {
  const left = [...entropies];
  return batchRows(groups).map(({ row }) => ({
    spans: row.spans.map(({ length }) => ({
      logProbs: new Float32Array(length).fill(-0.5),
      entropies: new Float32Array(length).fill(left.shift()!),
    })),
  }));
}

/** Creates the credit of responses whose tokens share an advantage, in row order. */
function credits(rows: readonly BatchRow[], advantages: number[]): TokenCredit[][] {
  const left = [...advantages];
  return rows.map(({ row }) =>
    row.spans.map(({ length }) => ({
      advantages: new Float32Array(length).fill(left.shift()!),
    })),
  );
}

/** Modulator that assigns the given coefficients to the responses of a batch. */
const multiplyBy = (...coefficients: number[]): Modulator => ({
  name: "fixed",
  needs: [],
  modulate: (responses) => ({
    advantages: responses.map(({ advantage }, i) => advantage * coefficients[i]!),
    coefficients,
    uncertainty: "entropy",
  }),
});

const partsOf = (modulator: Modulator) =>
  ({ modulator, entropies: "exact", random: createRandom(1) }) as const;

describe("creditRows", () => {
  it("modulates each group by the entropies of its own responses", () => {
    const groups = [group(trajectory([1, 2]), trajectory([3])), group(trajectory([1]))];
    const rows = batchRows(groups);
    const credited = creditRows(
      groups,
      rows,
      scores(groups, [0.2, 0.5, 1.2, 9]),
      credits(rows, [1, 1, -1, 2]),
      partsOf(compileModulator({ kind: "aem" })),
    );
    const coefficients = credited.map(({ responses }) =>
      responses.map(({ coefficient }) => Number(coefficient.toFixed(4))),
    );
    // The example of the paper, (0.2, 0.5, 1.2) -> (1.4227, 1.0539, 0.5234); a group of one does
    // not change.
    expect(coefficients).toEqual([[1.4227, 1.0539], [0.5234], [1]]);
  });
});

describe("toTrainingRows", () => {
  it("gives every token its response's modulated advantage, and weights that sum to one", () => {
    const groups = [group(trajectory([1, 2]), trajectory([3]))];
    const laid = batchRows(groups);
    const rows = creditRows(
      groups,
      laid,
      scores(groups, [0, 0, 0]),
      credits(laid, [1, 1, -1]),
      partsOf(multiplyBy(1, 2, 3)),
    );
    const training = toTrainingRows(compileAlgorithm(grpo), groups, rows);
    expect(training.map(({ fields }) => [...fields.advantages!])).toEqual([
      [1, 2, 2],
      [-3, -3, -3],
    ]);
    const weights = training.flatMap((row) => [...row.weights]);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
    expect([...training[0]!.fields.oldLogProbs!]).toEqual([-0.5, -0.5, -0.5]);
    expect(training[0]!.fields.referenceLogProbs).toBeUndefined();
  });

  it("trains every token on its own advantage times its response's coefficient", () => {
    const groups = [group(trajectory([2, 1]))];
    const laid = batchRows(groups);
    const own = [Float32Array.of(1, 2), Float32Array.of(-1)].map((advantages) => ({
      advantages,
      returns: advantages.map((advantage) => advantage + 1),
      oldValues: new Float32Array(advantages.length).fill(1),
    }));
    const rows = creditRows(groups, laid, scores(groups, [0, 0]), [own], partsOf(multiplyBy(2, 3)));
    const [row] = toTrainingRows(compileAlgorithm(ppo), groups, rows);
    expect([...row!.fields.advantages!]).toEqual([2, 4, -3]);
    expect([...row!.fields.returns!]).toEqual([2, 3, 0]);
    expect([...row!.fields.oldValues!]).toEqual([1, 1, 1]);
  });
});
