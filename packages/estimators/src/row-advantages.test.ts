import { recordVersion, type Group, type Trajectory } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { responseAdvantages } from "./response-advantages.ts";
import { rowAdvantages } from "./row-advantages.ts";

/** Creates a trajectory with the reward in the last turn, and the given penalty for each turn. */
function trajectory(reward: number, penalties: readonly number[]): Trajectory {
  return {
    version: recordVersion,
    taskId: "t",
    taskKind: "k",
    groupId: "g",
    trajectoryIndex: 0,
    presentation: "concatenated",
    policyVersion: 0,
    firstObservation: "",
    outcome: { kind: "terminated", isSuccess: reward > 0 },
    turns: penalties.map((penalty, i) => ({
      promptTokens: [1],
      responseTokens: [2],
      samplerLogProbs: [-1],
      action: "",
      isValidAction: penalty === 0,
      observation: "",
      reward: i === penalties.length - 1 ? reward : 0,
      penalty,
    })),
  };
}

const group = (...trajectories: Trajectory[]): Group => ({
  id: "g",
  task: { id: "t", kind: "k" },
  trajectories,
});

describe("rowAdvantages", () => {
  it("charges each response its own penalty", () => {
    // Scores 10, 10, 0, -1 have mean 4.75 and sample standard deviation sqrt(110.75 / 3) = 6.0759.
    const groups = [group(trajectory(10, [0, 0]), trajectory(0, [0, 1]))];
    const [[first = [], second = []] = []] = rowAdvantages(groups);
    expect(first[0]).toBeCloseTo(5.25 / 6.0759, 4);
    expect(first[1]).toBe(first[0]);
    expect(second[0]).toBeCloseTo(-4.75 / 6.0759, 4);
    expect(second[1]).toBeCloseTo(-5.75 / 6.0759, 4);
  });

  it("distinguishes response formats if all trajectories fail", () => {
    // Scores 0, -1, 0, 0: mean -0.25, sample standard deviation 0.5.
    const groups = [group(trajectory(0, [0, 1]), trajectory(0, [0, 0]))];
    const advantages = rowAdvantages(groups, { epsilon: 0 });
    expect(advantages).toEqual([
      [
        [0.5, -1.5],
        [0.5, 0.5],
      ],
    ]);
  });

  it("is 0 for a group of equal scores, and keeps empty trajectories empty", () => {
    const groups = [group(trajectory(10, [0, 0]), trajectory(10, [0])), group(trajectory(0, []))];
    expect(rowAdvantages(groups)).toEqual([[[0, 0], [0]], [[]]]);
  });

  it("equals statistics over responses if there are no penalties", () => {
    const groups = [group(trajectory(10, [0, 0, 0]), trajectory(0, [0]), trajectory(4, [0, 0]))];
    const rows = rowAdvantages(groups, { statisticsOver: "responses" }).flat(2);
    const responses = responseAdvantages(groups, { statisticsOver: "responses" }).flat(2);
    rows.forEach((advantage, i) => expect(advantage).toBeCloseTo(responses[i]!, 12));
  });
});
