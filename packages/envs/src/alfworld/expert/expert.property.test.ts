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

/** Plays without sense, each verb equally likely: things end up in odd places, doors open. */
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
  it("is as short as what breadth-first search finds, wherever play has led", () => {
    fc.assert(
      fc.property(games, fc.nat(40), fc.nat(), (file, numOperators, seed) => {
        const world = wander(loadGame(file, file.name), numOperators, createRandom(seed));
        const plan = shortestPlan(world);
        // A longer plan is too far for the slow search to be sure of in a test's time.
        fc.pre(plan === undefined || plan.length <= 7);
        expect(breadthFirstPlan(world)?.length).toBe(plan?.length);
      }),
      { numRuns: 60 },
    );
  });

  it("gets one shorter with each of its operators, and leads to the goal", () => {
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
  it("makes games whose walkthrough wins, no earlier than at its end, and is shortest", () => {
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
