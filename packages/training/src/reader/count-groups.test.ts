import { describe, expect, it } from "vitest";
import { countGroups } from "./count-groups.ts";

describe("countGroups", () => {
  it("sorts groups by how many of their trajectories were solved", () => {
    // Group 0: all solved; group 1: some solved; group 2: none solved, with different returns.
    // Members are not adjacent.
    const columns = {
      group: [0, 1, 2, 0, 1, 2],
      success: [1, 1, 0, 1, 0, 0],
      return: [1, 1, 0, 1, 0, 0.5],
    };
    expect(countGroups(columns)).toEqual({
      numGroups: 3,
      allSolved: 1,
      mixed: 1,
      noneSolved: 1,
      flat: 1,
    });
  });

  it("counts nothing in an empty segment", () => {
    const empty = { group: [], success: [], return: [] };
    expect(countGroups(empty)).toEqual({
      numGroups: 0,
      allSolved: 0,
      mixed: 0,
      noneSolved: 0,
      flat: 0,
    });
  });
});
