import { recordVersion, type Group, type Trajectory } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import type { CreditedRow } from "../loop/credit.ts";
import { createNotablePicker } from "./pick-notable.ts";

function trajectory(groupId: string, index: number, isSolved: boolean): Trajectory {
  return {
    version: recordVersion,
    taskId: `task of ${groupId}`,
    taskKind: "wash",
    groupId,
    trajectoryIndex: index,
    presentation: "turn-wise",
    policyVersion: 0,
    firstObservation: "",
    turns: [
      {
        promptTokens: [1],
        responseTokens: [2],
        samplerLogProbs: [-1],
        action: `go ${index}`,
        isValidAction: true,
        observation: "",
        reward: 0,
      },
    ],
    outcome: isSolved
      ? { kind: "terminated", isSuccess: true }
      : { kind: "truncated", limit: "turns" },
  };
}

/** Two groups, of which only the second was kept; one response for each coefficient. */
function records(isSolved: boolean, coefficients: readonly number[]) {
  const task = { id: "t", kind: "wash" };
  const kept: Group = {
    id: "b",
    task,
    trajectories: [trajectory("b", 0, false), trajectory("b", 1, isSolved)],
  };
  const values = Float32Array.of(0);
  const credited = coefficients.map((coefficient, trajectoryIndex): CreditedRow => ({
    groupIndex: 0,
    trajectoryIndex,
    row: { tokens: [1, 2], spans: [{ turnIndex: 0, start: 1, length: 1 }] },
    responses: [
      {
        turnIndex: 0,
        oldLogProbs: values,
        entropies: values,
        meanTokenEntropy: 0,
        advantages: values,
        baseAdvantage: 0,
        coefficient,
        modulated: values,
      },
    ],
  }));
  const filtered: Group = { id: "a", task, trajectories: [trajectory("a", 0, false)] };
  return { groups: [filtered, kept], kept: [kept], credited };
}

describe("createNotablePicker", () => {
  it("picks the first success of a kind of task, once", () => {
    const picker = createNotablePicker(false);
    expect(picker.pick(4, records(true, [1.5, 0.5]))).toEqual({
      reason: "first success in wash",
      iteration: 4,
      group: 1,
      trajectory: 1,
      taskId: "task of b",
      outcome: "success after 1 turn",
      actions: ["go 1"],
    });
    expect(picker.pick(5, records(true, [0.5, 1.5]))?.reason).toBe(
      "largest coefficient 1.50 in turn 0",
    );
  });

  it("picks the largest coefficient, by the position of its group among all", () => {
    expect(createNotablePicker(false).pick(4, records(false, [1.25, 0.75]))).toMatchObject({
      reason: "largest coefficient 1.25 in turn 0",
      group: 1,
      trajectory: 0,
      outcome: "truncated:turns after 1 turn",
    });
  });

  it("picks nothing without modulation, and no first success in a resumed run", () => {
    expect(createNotablePicker(false).pick(4, records(false, [1, 1]))).toBeUndefined();
    expect(createNotablePicker(true).pick(4, records(true, [1, 1]))).toBeUndefined();
  });
});
