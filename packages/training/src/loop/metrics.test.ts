import { recordVersion, type FailureKind, type Outcome, type Trajectory } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { computeSuccessByKind, measureTrajectories } from "./metrics.ts";

function trajectory(outcome: Outcome, reward = 0, taskKind = "k"): Trajectory {
  return {
    version: recordVersion,
    taskId: "t",
    taskKind,
    groupId: "g",
    trajectoryIndex: 0,
    presentation: "turn-wise",
    policyVersion: 0,
    firstObservation: "",
    turns: [
      {
        promptTokens: [1],
        responseTokens: [2],
        samplerLogProbs: [-1],
        action: "",
        isValidAction: true,
        observation: "",
        reward,
      },
    ],
    outcome,
  };
}
const solved: Outcome = { kind: "terminated", isSuccess: true };
const unsolved: Outcome = { kind: "truncated", limit: "turns" };
const failed = (kind: FailureKind): Outcome => ({
  kind: "failed",
  error: { kind, message: "broken" },
});

describe("measureTrajectories", () => {
  it("takes rates over graded episodes, and counts failures by their kind", () => {
    const metrics = measureTrajectories([
      trajectory(solved, 10),
      trajectory(unsolved, 2),
      trajectory(failed("engine"), 7),
      trajectory(failed("engine"), 7),
      trajectory(failed("timeout"), 7),
    ]);
    expect(metrics).toMatchObject({
      episodes: 5,
      graded: 2,
      success: 0.5,
      truncated: 0.5,
      return: 6,
      failed: 3,
      failedInfrastructure: 2,
      failedEngine: 2,
      failedTimeout: 1,
    });
    expect(metrics).not.toHaveProperty("failedProtocol");
  });

  it("has no success rate if nothing was graded", () => {
    const metrics = measureTrajectories([trajectory(failed("network"))]);
    expect(metrics).toEqual({
      episodes: 1,
      graded: 0,
      failed: 1,
      failedInfrastructure: 1,
      failedNetwork: 1,
    });
  });
});

describe("computeSuccessByKind", () => {
  it("leaves out failed episodes, and kinds that have no others", () => {
    const trajectories = [
      trajectory(solved, 0, "a"),
      trajectory(failed("image"), 0, "a"),
      trajectory(failed("image"), 0, "b"),
    ];
    expect(computeSuccessByKind(trajectories)).toEqual({ a: 1 });
  });
});
