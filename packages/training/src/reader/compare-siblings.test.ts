import { expect, it } from "vitest";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";
import { compareSiblings } from "./compare-siblings.ts";

/**
 * Creates a trajectory with one letter per action; the environment replies with the same letter.
 */
const play = (actions: string): RecordedTrajectory =>
  ({
    turns: Array.from(actions, (action) => ({ action, observation: action })),
  }) as unknown as RecordedTrajectory;

it("finds the first turn that differs, and the sibling with the longest common beginning", () => {
  expect(compareSiblings(["abcd", "abx", "abcy", "q"].map(play))).toEqual({
    divergence: 0,
    shared: [
      { with: undefined, turns: 0 },
      { with: 0, turns: 2 },
      { with: 0, turns: 3 },
      { with: 0, turns: 0 },
    ],
  });
  expect(compareSiblings(["abc", "abd"].map(play)).divergence).toBe(2);
});

it("counts a trajectory that ends earlier as different, and equal ones as the same", () => {
  expect(compareSiblings(["ab", "abc"].map(play)).divergence).toBe(2);
  expect(compareSiblings(["ab", "ab"].map(play)).divergence).toBeUndefined();
  expect(compareSiblings([play("ab")]).divergence).toBeUndefined();
  expect(compareSiblings([])).toEqual({ divergence: undefined, shared: [] });
});
