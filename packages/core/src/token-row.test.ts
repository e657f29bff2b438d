import { describe, expect, it } from "vitest";
import { isSuccess, recordVersion, trajectoryReturn, type Trajectory } from "./records.ts";
import { trajectoryRows } from "./token-row.ts";

const turn = (promptTokens: number[], responseTokens: number[], reward = 0) => ({
  promptTokens,
  responseTokens,
  samplerLogProbs: responseTokens.map(() => -1),
  action: "look",
  isValidAction: true,
  observation: "",
  reward,
});

const trajectory: Trajectory = {
  version: recordVersion,
  taskId: "t",
  taskKind: "k",
  groupId: "g",
  trajectoryIndex: 0,
  presentation: "concatenated",
  policyVersion: 1,
  firstObservation: "",
  turns: [turn([1, 2, 3], [4, 5], -0.1), turn([6], []), turn([7, 8], [9], 10)],
  outcome: { kind: "terminated", isSuccess: true },
};

describe("trajectoryRows", () => {
  it("converts a concatenated trajectory to one row with a span per response", () => {
    expect(trajectoryRows(trajectory)).toEqual([
      {
        tokens: [1, 2, 3, 4, 5, 6, 7, 8, 9],
        spans: [
          { turnIndex: 0, start: 3, length: 2 },
          { turnIndex: 2, start: 8, length: 1 },
        ],
      },
    ]);
  });

  it("converts each turn of a turn-wise trajectory to a separate row", () => {
    expect(trajectoryRows({ ...trajectory, presentation: "turn-wise" })).toEqual([
      { tokens: [1, 2, 3, 4, 5], spans: [{ turnIndex: 0, start: 3, length: 2 }] },
      { tokens: [7, 8, 9], spans: [{ turnIndex: 2, start: 2, length: 1 }] },
    ]);
  });

  it("returns no row without response tokens", () => {
    expect(trajectoryRows({ ...trajectory, turns: [turn([1], [])] })).toEqual([]);
    expect(trajectoryRows({ ...trajectory, turns: [] })).toEqual([]);
  });
});

describe("trajectories", () => {
  it("have the sum of their rewards as return", () => {
    expect(trajectoryReturn(trajectory)).toBeCloseTo(9.9, 12);
  });

  it("succeed only if the environment says so", () => {
    expect(isSuccess(trajectory)).toBe(true);
    expect(isSuccess({ ...trajectory, outcome: { kind: "truncated", limit: "turns" } })).toBe(
      false,
    );
    expect(isSuccess({ ...trajectory, outcome: { kind: "terminated", isSuccess: false } })).toBe(
      false,
    );
  });

  it("survive JSON and structuredClone", () => {
    expect(JSON.parse(JSON.stringify(trajectory))).toEqual(trajectory);
    expect(structuredClone(trajectory)).toEqual(trajectory);
  });
});
