import { createRandom } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { environmentLaws } from "../laws.ts";
import { directions } from "../grid/direction.ts";
import {
  generateSokobanLevels,
  move,
  openSokobanTasks,
  readRoom,
  shortestSokobanPlan,
  sokobanTasksSchema,
  writeRoom,
  type SokobanLevel,
  type SokobanState,
} from "./index.ts";
import { pushDistances } from "./push-distances.ts";

const rooms = [
  ...generateSokobanLevels({
    seed: 1,
    count: 60,
    width: 6,
    height: 6,
    numBoxes: 1,
    minSolution: 1,
    maxSolution: 12,
  }),
  ...generateSokobanLevels({
    seed: 1,
    count: 40,
    width: 7,
    height: 6,
    numBoxes: 2,
    minSolution: 2,
    maxSolution: 16,
  }),
];
const room = fc.constantFrom(...rooms);
const moves = fc.array(fc.constantFrom(...directions), { maxLength: 30 });

const isSolved = ({ targets }: SokobanLevel, { boxes }: SokobanState): boolean =>
  String(boxes) === String(targets);

/**
 * Computes the length of a shortest solution by plain breadth-first search over drawings of the
 * room.
 */
function bruteForce(level: SokobanLevel): number | undefined {
  const seen = new Set<string>();
  let frontier = [level.start];
  for (let depth = 0; frontier.length > 0; depth++) {
    if (frontier.some((state) => isSolved(level, state))) return depth;
    frontier = frontier
      .flatMap((state) => directions.map((direction) => move(level, state, direction)))
      .filter((state) => {
        const key = writeRoom(level, state);
        return !seen.has(key) && seen.add(key);
      });
  }
  return undefined;
}

describe("a room", () => {
  it("keeps its boxes, walls and targets, and moves the player to a neighbour at most", () => {
    fc.assert(
      fc.property(room, moves, ({ level }, played) => {
        let state = level.start;
        for (const direction of played) {
          const before = state;
          state = move(level, state, direction);
          expect(new Set([...state.boxes, state.player]).size).toBe(level.start.boxes.length + 1);
          expect([...state.boxes, state.player].some((cell) => level.walls[cell])).toBe(false);
          expect(state.boxes).toEqual(state.boxes.toSorted((a, b) => a - b));
          expect([0, 1, level.width]).toContain(Math.abs(state.player - before.player));
        }
      }),
    );
  });

  it("reads back from its drawing", () => {
    fc.assert(
      fc.property(room, moves, ({ level }, played) => {
        const start = played.reduce<SokobanState>(
          (state, one) => move(level, state, one),
          level.start,
        );
        expect(readRoom(writeRoom(level, start))).toEqual({ ...level, start });
      }),
    );
  });
});

describe("generated rooms", () => {
  it("have shortest solutions of the stated length, which solve them", () => {
    for (const { level, numMoves } of rooms) {
      const plan = shortestSokobanPlan(level)!;
      const last = plan.reduce<SokobanState>((state, one) => move(level, state, one), level.start);
      expect(isSolved(level, last)).toBe(true);
      expect(plan).toHaveLength(numMoves);
      expect(level.start.boxes.some((box) => level.targets.includes(box))).toBe(false);
    }
  });

  it("are never shared between splits, turned or mirrored", () => {
    const options = { width: 5, height: 5, numBoxes: 1, minSolution: 1, maxSolution: 6 };
    const drawings = new Set<string>();
    for (const [split, count] of [
      ["train", 120],
      ["held_out", 30],
    ] as const) {
      for (const { level } of generateSokobanLevels({ ...options, seed: split, count, split })) {
        const rows = writeRoom(level, level.start).split("\n");
        const mirrored = rows.map((row) => Array.from(row).reverse().join("")).join("\n");
        expect(drawings.has(mirrored) || drawings.has(rows.join("\n"))).toBe(false);
        drawings.add(rows.join("\n"));
      }
    }
    expect(drawings.size).toBe(150);
  });
});

it("plans as short as a plain search finds, from any state, solvable or not", () => {
  fc.assert(
    fc.property(room, moves, ({ level }, played) => {
      const start = played.reduce<SokobanState>(
        (state, one) => move(level, state, one),
        level.start,
      );
      const expected = bruteForce({ ...level, start });
      expect(shortestSokobanPlan(level, { from: start })?.length).toBe(expected);
    }),
    { numRuns: 60 },
  );
});

it("bounds the moves to go from below", () => {
  for (const { level, numMoves } of rooms) {
    const distances = pushDistances(level);
    const bound = level.start.boxes.reduce((sum, box) => sum + distances[box]!, 0);
    expect(bound).toBeLessThanOrEqual(numMoves);
  }
});

const settings = {
  environment: "sokoban",
  width: 6,
  height: 6,
  numBoxes: 1,
  minSolution: 2,
  maxSolution: 8,
  reward: "gym",
  maxMoves: 20,
  numTraining: 20,
  evaluation: [{ split: "held_out", numTasks: 5 }],
};

describe.each(["compact", "ragen"])("tasks in format %s", async (format) => {
  const source = await openSokobanTasks(
    sokobanTasksSchema.parse({ ...settings, format }),
    { maxTurns: 20, successReward: 10 },
    1,
  );
  for (const { name, check } of environmentLaws(source)) it(`law of ${name}`, check);

  it("are demonstrated with success, no-ops included", async () => {
    const demonstrations = await source.demonstrator!.demonstrate(
      source.training,
      0.2,
      createRandom(1),
    );
    expect(demonstrations.every(({ isSuccess }) => isSuccess)).toBe(true);
    const turns = demonstrations.flatMap((one) => one.turns);
    expect(turns.some(({ isSlip }) => isSlip)).toBe(true);
    for (const { response, action } of turns) {
      expect(source.format.parse(response, { text: "" })).toEqual({ action, isValid: true });
    }
  });
});
