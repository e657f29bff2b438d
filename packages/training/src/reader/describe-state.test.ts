import { expect, it } from "vitest";
import { describeState } from "./describe-state.ts";

it("draws a grid with walls, boxes, targets and the agent", () => {
  const [floor, wall, hole] = ["floor", "wall", "hole"] as const;
  expect(
    describeState({
      kind: "grid",
      version: 1,
      width: 3,
      height: 2,
      cells: [wall, floor, floor, hole, floor, floor],
      agent: 1,
      boxes: [2, 4],
      targets: [4, 5],
      movesLeft: 3,
      result: "open",
    }),
  ).toEqual(["#@$", "o*."]);
});

it("lists what the agent has seen of a room, and says if something was cut", () => {
  const state = {
    kind: "household",
    version: 1,
    goal: "heat a cup",
    isSolved: false,
    location: "fridge 1",
    inventory: [{ name: "cup 1", marks: ["hot"] }],
    receptacles: [
      { name: "fridge 1", door: "closed", contents: null },
      { name: "shelf 1", door: "none", contents: [] },
      { name: "table 1", door: "unknown", contents: null },
    ],
    isTruncated: true,
  } as const;
  expect(describeState(state)).toEqual([
    "at fridge 1, holding hot cup 1",
    "  fridge 1 (closed): not seen",
    "  shelf 1: nothing",
    "(longer texts and lists were cut)",
  ]);
});

it("says why there is no state", () => {
  const state = { kind: "unavailable", version: 1, reason: "render: no display" } as const;
  expect(describeState(state)).toEqual(["no state: render: no display"]);
});
