import { recordVersion, type Group, type ScoredRow, type Trajectory } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { batchRows, creditRows, toTrainingRows } from "./credit.ts";
import { criticCredits } from "./critic-credits.ts";

/** An episode of two responses, of two tokens and of one, which costs a penalty. */
function trajectory(
  presentation: Trajectory["presentation"],
  reward: number,
  penalty: number,
): Trajectory {
  const turn = { samplerLogProbs: [], action: "", isValidAction: true, observation: "" };
  return {
    version: recordVersion,
    taskId: "t",
    taskKind: "k",
    groupId: "g",
    trajectoryIndex: 0,
    presentation,
    policyVersion: 0,
    firstObservation: "",
    outcome: { kind: "terminated", isSuccess: true },
    turns: [
      { ...turn, promptTokens: [7], responseTokens: [5, 5], reward: 0 },
      { ...turn, promptTokens: [7], responseTokens: [5], reward, penalty },
    ],
  };
}

const groupOf = (...trajectories: Trajectory[]): Group => ({
  id: "g",
  task: { id: "t", kind: "k" },
  trajectories,
});

/** Scores whose values are taken from a list, token by token. */
function scoresOf(group: Group, values: readonly number[]): ScoredRow[] {
  let next = 0;
  return batchRows([group]).map(({ row }) => ({
    spans: row.spans.map(({ length }) => ({
      logProbs: new Float32Array(length).fill(-1),
      entropies: new Float32Array(length).fill(1),
      values: Float32Array.from({ length }, () => values[next++]!),
    })),
  }));
}

describe.each(["turn-wise", "concatenated"] as const)("criticCredits, %s", (presentation) => {
  const group = groupOf(trajectory(presentation, 5, 1), trajectory(presentation, 0, 0));
  const values = [1, 2, 3, 1, 1, 1];
  const rows = batchRows([group]);

  it("follows a trajectory's responses from its end, and whitens over the batch", () => {
    const scores = scoresOf(group, values);
    const credits = criticCredits([group], rows, scores, { discount: 1, lambda: 1 });
    const all = credits.flat();
    // With discount and lambda 1 a return is all that is still paid: 5 - 1, and 0.
    expect(all.flatMap(({ returns }) => [...returns!])).toEqual([4, 4, 4, 0, 0, 0]);
    expect(all.flatMap(({ oldValues }) => [...oldValues!])).toEqual(values);
    // Advantages 3, 2, 1, -1, -1, -1: mean 0.5, squares 6.25 + 2.25 + 0.25 + 3 * 2.25, over 5: 3.1.
    const raw = [3, 2, 1, -1, -1, -1];
    all
      .flatMap(({ advantages }) => [...advantages])
      .forEach((advantage, i) => expect(advantage).toBeCloseTo((raw[i]! - 0.5) / 3.1 ** 0.5, 5));
  });

  it("trains every token on its own advantage times its response's coefficient", () => {
    const scores = scoresOf(group, values);
    const credits = criticCredits([group], rows, scores, { discount: 1, lambda: 1 });
    const credited = creditRows(rows, scores, credits, (entropies) =>
      entropies.map((_, i) => i + 1),
    );
    const training = toTrainingRows(credited, "token-mean");
    const trained = training.flatMap(({ fields }) => [...fields.advantages!]);
    const plain = credits.flat().flatMap(({ advantages }) => [...advantages]);
    // Responses of 2, 1, 2 and 1 tokens have the coefficients 1, 2, 3 and 4.
    [1, 1, 2, 3, 3, 4].forEach((coefficient, i) =>
      expect(trained[i]).toBeCloseTo(plain[i]! * coefficient, 5),
    );
    expect(training.flatMap(({ fields }) => [...fields.returns!])).toEqual([4, 4, 4, 0, 0, 0]);
  });

  it("refuses scores of a learner without a value head", () => {
    const scores = scoresOf(group, values).map(({ spans }) => ({
      spans: spans.map(({ logProbs, entropies }) => ({ logProbs, entropies })),
    }));
    expect(() => criticCredits([group], rows, scores, {})).toThrow("scores must hold values");
  });
});
