import { createRandom } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { directions } from "../grid/direction.ts";
import { environmentLaws } from "../laws.ts";
import {
  bestLakePolicy,
  frozenlakeTasksSchema,
  generateLakes,
  neighbour,
  openFrozenlakeTasks,
  readLake,
  shortestLakePath,
  listSlips,
  writeLake,
  type Lake,
} from "./index.ts";

const lakes = [
  ...generateLakes({ seed: 1, count: 60, size: 4, holeShare: 0.3, minPath: 1 }),
  ...generateLakes({ seed: 1, count: 40, size: 6, holeShare: 0.4, minPath: 4 }),
];
const generated = fc.constantFrom(...lakes);

const isEnd = ({ holes, goal }: Lake, cell: number): boolean =>
  holes[cell] === true || cell === goal;

/** Computes the probability of reaching the goal by trying all choices, without memoization. */
function bruteForce(lake: Lake, cell: number, stepsLeft: number, isSlippery: boolean): number {
  if (isEnd(lake, cell) || stepsLeft === 0) return cell === lake.goal ? 1 : 0;
  const values = directions.map((direction) => {
    const taken = isSlippery ? listSlips(direction) : [direction];
    const after = taken.map((one) =>
      bruteForce(lake, neighbour(lake, cell, one), stepsLeft - 1, isSlippery),
    );
    return after.reduce((sum, value) => sum + value, 0) / after.length;
  });
  return Math.max(...values);
}

describe("generated lakes", () => {
  it("have a way of the stated length, which leads over ice to the goal", () => {
    for (const { lake, numSteps } of lakes) {
      const path = shortestLakePath(lake)!;
      let cell = lake.start;
      for (const direction of path) {
        expect(isEnd(lake, cell)).toBe(false);
        cell = neighbour(lake, cell, direction);
      }
      expect(cell).toBe(lake.goal);
      expect(path).toHaveLength(numSteps);
      // There is no shorter path: with one step less, the goal cannot be reached.
      const shorter = { isSlippery: false, maxSteps: Math.max(1, numSteps - 1) };
      expect(numSteps === 1 || bestLakePolicy(lake, shorter).success === 0).toBe(true);
    }
  });

  it("read back from their drawing", () => {
    for (const { lake } of lakes) expect(readLake(writeLake(lake, lake.start))).toEqual(lake);
  });
});

it("steps stay on the lake and reach a neighbour at most", () => {
  fc.assert(
    fc.property(generated, fc.nat(), fc.constantFrom(...directions), ({ lake }, nat, direction) => {
      const cell = nat % lake.holes.length;
      const next = neighbour(lake, cell, direction);
      expect([0, 1, lake.width]).toContain(Math.abs(next - cell));
      expect(lake.holes[next]).toBeDefined();
    }),
  );
});

it("the best policy is as good as trying everything", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...lakes.slice(0, 60)),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      ({ lake }, maxSteps, isSlippery) => {
        const { success } = bestLakePolicy(lake, { isSlippery, maxSteps });
        expect(success).toBeCloseTo(bruteForce(lake, lake.start, maxSteps, isSlippery), 12);
      },
    ),
    { numRuns: 20 },
  );
});

const settings = {
  environment: "frozenlake",
  size: 4,
  holeShare: 0.25,
  minPath: 2,
  maxMoves: 20,
  numTraining: 20,
  evaluation: [{ split: "held_out", numTasks: 5 }],
};

describe.each([
  ["compact", false],
  ["compact", true],
  ["ragen", false],
  ["ragen", true],
] as const)("tasks in format %s, slippery: %s", async (format, isSlippery) => {
  const source = await openFrozenlakeTasks(
    frozenlakeTasksSchema.parse({ ...settings, format, isSlippery }),
    { maxTurns: 20, successReward: 10 },
    1,
  );
  for (const { name, check } of environmentLaws(source)) it(`law of ${name}`, check);

  it("are demonstrated by the best player", async () => {
    const demonstrations = await source.demonstrator!.demonstrate(
      source.training,
      0.2,
      createRandom(1),
    );
    const won = demonstrations.filter(({ isSuccess }) => isSuccess).length;
    // On slippery ice even the optimal player sometimes falls into a hole.
    expect(won).toBeGreaterThanOrEqual(isSlippery ? 8 : 20);
  });
});
