import { createRandom, type Random } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Game, World } from "../game.ts";
import { generateGame } from "../generator/generate-game.ts";
import { householdTaskKinds } from "../generator/household-task.ts";
import { loadGame } from "../load-game.ts";
import { breadthFirstPlan } from "./breadth-first.ts";
import { expertPlan, shortestPlan } from "./expert.ts";

const games = fc
  .record({
    seed: fc.nat(),
    size: fc.constantFrom("small" as const, "medium" as const),
    taskKind: fc.constantFrom(...householdTaskKinds),
    sharedLocations: fc.constantFrom(0, 0.5),
  })
  .map((options) => generateGame(options));

/**
 * Plays random commands, each verb equally likely, so that objects are in unusual places and doors
 * are open.
 */
function wander(game: Game, numOperators: number, random: Random): World {
  let world = game.initialWorld;
  for (let i = 0; i < numOperators; i++) {
    const operators = world.operators().filter(({ isIdle }) => !isIdle);
    const action = random.choice([...new Set(operators.map(({ action }) => action))].sort());
    world = world.apply(random.choice(operators.filter((operator) => operator.action === action)));
  }
  return world;
}

describe("shortestPlan", () => {
  it("is as short as the plan of breadth-first search, from any state", () => {
    fc.assert(
      fc.property(games, fc.nat(40), fc.nat(), (file, numOperators, seed) => {
        const world = wander(loadGame(file, file.name), numOperators, createRandom(seed));
        const plan = shortestPlan(world);
        // Skip longer plans, for which the slow search would take too long.
        fc.pre(plan === undefined || plan.length <= 7);
        expect(breadthFirstPlan(world)?.length).toBe(plan?.length);
      }),
      { numRuns: 60 },
    );
  });

  it("becomes one shorter with each of its operators, and leads to the goal", () => {
    fc.assert(
      fc.property(games, fc.nat(40), fc.nat(), (file, numOperators, seed) => {
        let world = wander(loadGame(file, file.name), numOperators, createRandom(seed));
        const plan = shortestPlan(world) ?? [];
        for (const [i, operator] of plan.entries()) {
          expect(shortestPlan(world)).toHaveLength(plan.length - i);
          world = world.apply(operator);
        }
        expect(world.isGoal).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

describe("generateGame", () => {
  it("makes games whose walkthrough is a shortest plan and wins only at its end", () => {
    fc.assert(
      fc.property(games, (file) => {
        const state = loadGame(file, file.name).start();
        expect(expertPlan(state)).toHaveLength(file.walkthrough.length);
        for (const command of file.walkthrough) {
          expect(state.isWon).toBe(false);
          expect(state.step(command)).toBe(true);
        }
        expect(state.isWon).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
