import { recordVersion, type Group, type Trajectory, type Turn } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { grpoPresets } from "./grpo-presets.ts";
import { responseAdvantages } from "./response-advantages.ts";

function trajectory(trajectoryIndex: number, rewards: readonly number[]): Trajectory {
  const turns = rewards.map((reward): Turn => ({
    promptTokens: [1],
    responseTokens: [2],
    samplerLogProbs: [-0.5],
    action: "look",
    isValidAction: true,
    observation: "a room",
    reward,
  }));
  return {
    version: recordVersion,
    taskId: "task",
    taskKind: "toy",
    groupId: "group",
    trajectoryIndex,
    presentation: "turn-wise",
    policyVersion: 0,
    firstObservation: "a door",
    turns,
    outcome: { kind: "terminated", isSuccess: true },
  };
}

const group: Group = {
  id: "group",
  task: { id: "task", kind: "toy" },
  trajectories: [trajectory(0, [1]), trajectory(1, [0, 0, 0])],
};

describe("responseAdvantages", () => {
  it("assigns every response the advantage of its trajectory", () => {
    expect(responseAdvantages([group], grpoPresets.primeRl)).toEqual([[[0.5], [-0.5, -0.5, -0.5]]]);
  });

  it("counts responses for statistics over them", () => {
    const [[first, second] = []] = responseAdvantages([group], {
      ...grpoPresets.verlAgent,
      epsilon: 0,
    });
    expect(first).toEqual([1.5]);
    expect(second).toEqual([-0.5, -0.5, -0.5]);
  });
});
