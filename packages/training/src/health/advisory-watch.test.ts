import { recordVersion, type Group, type Trajectory } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { countPlayedGroups, describeAdvisory, watchAdvisories } from "./advisory-watch.ts";

const config = { training: { temperature: 1 } };
const groups = { numGroups: 2, allSolved: 0, noneSolved: 0, mixed: 2, flat: 0 };
const line = (iteration: number, truncated: number) => ({
  stage: "iteration",
  warmStartEpoch: 0,
  iteration,
  truncated,
});
const iteration = (number: number, truncated: number, flat = 0) => ({
  metrics: line(number, truncated),
  timings: { ...line(number, 0), seconds: { collect: 1 } },
  groups: { ...groups, flat },
});

describe("watchAdvisories", () => {
  it("reports a rule when it first fires, and not again", () => {
    const watch = watchAdvisories({ metrics: [], timings: [], config, groups: [] });
    expect(watch.add(iteration(1, 0.1))).toEqual([]);
    const [fired, ...others] = watch.add(iteration(2, 0.9));
    expect(others).toEqual([]);
    expect(describeAdvisory(fired!)).toMatch(
      /^truncation: 50 % of the episodes were truncated by a limit\. Raise .* \(rule: truncated > 0\.25\)$/u,
    );
    expect(watch.add(iteration(3, 0.9))).toEqual([]);
    expect(watch.add(iteration(4, 0.9, 2))).toEqual([]);
    expect(watch.add(iteration(5, 0.9, 2)).map(({ name }) => name)).toEqual(["flat-groups"]);
  });

  it("continues a resumed run without repeating what was known", () => {
    const before = { metrics: [line(1, 0.9)], timings: [], config, groups: [groups] };
    expect(watchAdvisories(before).add(iteration(2, 0.9))).toEqual([]);
  });
});

describe("countPlayedGroups", () => {
  it("counts by outcome and return, returns in the precision of the index", () => {
    const trajectory = (isSolved: boolean, reward: number): Trajectory => ({
      version: recordVersion,
      taskId: "t",
      taskKind: "k",
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
      outcome: { kind: "terminated", isSuccess: isSolved },
    });
    const group = (...trajectories: Trajectory[]): Group => ({
      id: "g",
      task: { id: "t", kind: "k" },
      trajectories,
    });
    expect(
      countPlayedGroups([
        group(trajectory(true, 1), trajectory(true, 1 + 1e-12)),
        group(trajectory(false, 0), trajectory(false, 0.5)),
        group(trajectory(true, 1), trajectory(false, 0)),
      ]),
    ).toEqual({ numGroups: 3, allSolved: 1, noneSolved: 1, mixed: 1, flat: 1 });
  });
});
