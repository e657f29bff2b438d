import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";

import { generateGame } from "../generator/generate-game.ts";
import { loadGame } from "../load-game.ts";
import { breadthFirstPlan } from "./breadth-first.ts";
import { expertCommand, expertPlan, shortestPlan } from "./expert.ts";
import { createSearcher } from "./searcher.ts";
import { sharedGames } from "../testing/shared-games.ts";

const file = generateGame({ seed: 7, taskKind: "pick_clean_then_place_in_recep" });
const game = loadGame(file, file.name);

describe("expertPlan", () => {
  it("plans from the start to the end", () => {
    const state = game.start();
    expect(game.goal).toBe("clean some apple and put it in sidetable");
    expect(expertPlan(state)).toEqual([
      "go to sinkbasin 1",
      "take apple 2 from sinkbasin 1",
      "clean apple 2 with sinkbasin 1",
      "go to sidetable 1",
      "move apple 2 to sidetable 1",
    ]);
    let command = expertCommand(state);
    let numCommands = 0;
    while (command !== undefined) {
      expect(state.step(command)).toBe(true);
      numCommands++;
      command = expertCommand(state);
    }
    expect(state.isWon).toBe(true);
    expect(numCommands).toBe(5);
    expect(expertPlan(state)).toEqual([]);
  });

  it("reports a game that can no longer be won", () => {
    // If no receptacle accepts apples, an apple in the hand cannot be put down.
    const text = file.pddl_problem.replaceAll(/\(canContain \w+ AppleType\)/g, "");
    expect(text).not.toBe(file.pddl_problem);
    const stuck = loadGame({ ...file, pddl_problem: text }, "stuck").start();
    expect(expertPlan(stuck)).toBeUndefined();
    expect(expertCommand(stuck)).toBeUndefined();
    expect(breadthFirstPlan(stuck.world)).toBeUndefined();
  });

  it("plans breadth-first in a household with an unknown kind of goal", () => {
    const text = file.pddl_problem.replace(
      /\(:goal .*\)\n$/s,
      "(:goal (exists (?r - receptacle) (and (openable ?r) (opened ?r)))))\n",
    );
    const odd = loadGame({ ...file, pddl_problem: text }, "odd");
    expect(expertPlan(odd.start())).toHaveLength(2);
  });
});

describe("expertPlan, in released games", () => {
  const games = sharedGames("games");

  it.skipIf(games === undefined)("is as long as the walkthrough", () => {
    for (const game of games!) {
      const state = game.start();
      expect(expertPlan(state)).toHaveLength(game.walkthrough!.length);
      for (const command of game.walkthrough!) expect(state.step(command)).toBe(true);
      expect(expertPlan(state)).toEqual([]);
    }
  });

  it.skipIf(games === undefined)(
    "is as short as breadth-first search after random commands",
    () => {
      for (const [i, game] of games!.entries()) {
        const random = createRandom(i);
        let world = game.initialWorld;
        for (let turn = 0; turn < 30; turn++) {
          const operators = world.operators().filter(({ isIdle }) => !isIdle);
          const action = random.choice([...new Set(operators.map(({ action }) => action))]);
          world = world.apply(random.choice(operators.filter((o) => o.action === action)));
        }
        const plan = shortestPlan(world);
        // Beyond four commands, breadth-first search in a full-size room takes too long for a test.
        if (plan === undefined || plan.length > 4) continue;
        expect(breadthFirstPlan(world)).toHaveLength(plan.length);
      }
    },
  );

  const others = sharedGames("textworld_test_game", { naming: "ids" });

  it.skipIf(others === undefined)("wins a game of another domain too", () => {
    const state = others![0]!.start();
    const plan = expertPlan(state)!;
    expect(plan).toEqual(["go to desk", "take cd from desk", "use desklamp"]);
    for (const command of plan) expect(state.step(command)).toBe(true);
    expect(state.isWon).toBe(true);
  });
});

describe("createSearcher", () => {
  it("wins generated games within 50 commands", () => {
    for (let seed = 0; seed < 60; seed++) {
      const size = (["small", "medium", "large"] as const)[seed % 3]!;
      const file = generateGame({ seed, size, sharedLocations: seed % 2 === 0 ? 0 : 0.3 });
      const state = loadGame(file, file.name).start();
      const searcher = createSearcher(createRandom(seed));
      for (let turn = 0; turn < 50 && !state.isWon; turn++) {
        state.step(searcher.next(state.observation) ?? "give up");
      }
      expect(state.isWon).toBe(true);
    }
  });

  it("plays the same way from the same seed", () => {
    const play = (seed: number): string[] => {
      const state = game.start();
      const searcher = createSearcher(createRandom(seed));
      const commands: string[] = [];
      while (!state.isWon) {
        const command = searcher.next(state.observation)!;
        commands.push(command);
        state.step(command);
      }
      return commands;
    };
    expect(play(1)).toEqual(play(1));
  });
});
