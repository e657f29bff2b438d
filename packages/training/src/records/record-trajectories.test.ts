import { recordVersion, type Group, type Outcome, type Trajectory } from "@turnwise/core";
import { expect, it } from "vitest";
import type { CreditedRow } from "../loop/credit.ts";
import { recordEvaluation, recordTrajectories } from "./record-trajectories.ts";

const solved: Outcome = { kind: "terminated", isSuccess: true };
const failed: Outcome = { kind: "failed", error: { kind: "engine", message: "gone" } };

const trajectory = (
  groupId: string,
  trajectoryIndex: number,
  outcome: Outcome = solved,
): Trajectory => ({
  version: recordVersion,
  taskId: "t",
  taskKind: "k",
  groupId,
  trajectoryIndex,
  presentation: "concatenated",
  policyVersion: 1,
  firstObservation: "",
  turns: [0, 1].map((turn) => ({
    promptTokens: [1],
    responseTokens: [2, 3],
    samplerLogProbs: [Math.log(0.5), Math.log(0.1)],
    samplerEntropies: [1 / 3, 2 / 3],
    stopReason: "length",
    action: "a",
    isValidAction: true,
    observation: "",
    reward: turn,
    penalty: 0.1,
  })),
  outcome,
});

const group = (id: string, ...trajectories: Trajectory[]): Group => ({
  id,
  task: { id: "t", kind: "k" },
  trajectories,
});

/** Row with both turns of a trajectory; the second turn has an advantage for each token. */
const row = (groupIndex: number, trajectoryIndex: number): CreditedRow => ({
  groupIndex,
  trajectoryIndex,
  row: {
    tokens: [1, 2, 3, 1, 2, 3],
    spans: [
      { turnIndex: 0, start: 1, length: 2 },
      { turnIndex: 1, start: 4, length: 2 },
    ],
  },
  correction: { weights: [1, 1, 2, 0.5], isKept: [true, true, true, false] },
  responses: [0, 1].map((turnIndex) => ({
    turnIndex,
    advantages: Float32Array.of(1, 1 + turnIndex),
    oldLogProbs: Float32Array.of(Math.log(0.25), Math.log(0.2)),
    entropies: Float32Array.of(0.1, 0.3),
    meanTokenEntropy: 0.2,
    baseAdvantage: 1.5,
    coefficient: 1 / 3,
    modulated: Float32Array.of(0.5, 0.5 + turnIndex),
  })),
});

it("joins trajectories with their credit by group and index, not by position", () => {
  const first = group("g0", trajectory("g0", 0), trajectory("g0", 1));
  const second = group("g1", trajectory("g1", 0, failed), trajectory("g1", 1));
  // The first group was filtered; the failed trajectory was omitted.
  const kept = [{ ...second, trajectories: [second.trajectories[1]!] }];
  const records = [...recordTrajectories({ groups: [first, second], kept, credited: [row(0, 0)] })];
  expect(
    records.map(({ groupId, trajectoryIndex, status }) => [groupId, trajectoryIndex, status]),
  ).toEqual([
    ["g0", 0, "filtered"],
    ["g0", 1, "filtered"],
    ["g1", 0, "left-out"],
    ["g1", 1, "trained"],
  ]);
  expect(
    records
      .slice(0, 3)
      .flatMap(({ turns }) => turns)
      .some(({ credit }) => credit),
  ).toBe(false);
  const [one, two] = records[3]!.turns;
  expect(one!.credit).toEqual({
    oldLogProbs: [Math.log(0.25), Math.log(0.2)].map(Math.fround),
    entropies: [0.1, 0.3].map(Math.fround),
    meanTokenEntropy: 0.2,
    baseAdvantage: 1,
    coefficient: 1 / 3,
    advantage: 0.5,
    // Ratios 0.25 / 0.5 and 0.2 / 0.1, up to float32.
    samplerRatio: {
      mean: expect.closeTo(1.25, 6) as number,
      min: expect.closeTo(0.5, 6) as number,
      max: expect.closeTo(2, 6) as number,
    },
    correction: 1,
  });
  // Values that differ between tokens are lists; the correction dropped the last token.
  expect(two!.credit).toMatchObject({
    baseAdvantage: [1, 2],
    advantage: [0.5, 1.5],
    correction: [2, 0],
  });
  expect(two).toMatchObject({
    stopReason: "length",
    penalty: 0.1,
    samplerEntropies: [1 / 3, 2 / 3],
  });
});

it("records evaluations without credit", () => {
  const [record] = recordEvaluation([group("g", trajectory("g", 0, failed))]);
  expect(record).toMatchObject({ version: recordVersion, status: "evaluated", outcome: failed });
  expect(record!.turns.every(({ credit }) => credit === undefined)).toBe(true);
});

it("leaves out ratios if the sampler gives no log-probs", () => {
  const blank = trajectory("g", 0);
  const silent = { ...blank, turns: blank.turns.map((turn) => ({ ...turn, samplerLogProbs: [] })) };
  const groups = [group("g", silent)];
  const [record] = recordTrajectories({ groups, kept: groups, credited: [row(0, 0)] });
  expect(record!.turns[0]!.credit).not.toHaveProperty("samplerRatio");
});
