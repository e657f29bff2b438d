import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";

import { generateGame } from "../generator/generate-game.ts";
import { loadGame } from "../load-game.ts";
import { createSearcher } from "./searcher.ts";

function introduction(receptacles: string, task: string): string {
  return `-= Welcome to TextWorld, ALFRED! =-\n\nYou are in the middle of a room. Looking quickly around you, you see ${receptacles}.\n\nYour task is to: ${task}.`;
}

/** Passes observations to a searcher in order and collects its commands. */
function commandsFor(...observations: string[]): (string | undefined)[] {
  const searcher = createSearcher(createRandom(1));
  return observations.map((observation) => searcher.next(observation));
}

describe("createSearcher", () => {
  it("takes an object that it sees, cleans it, and opens the target", () => {
    expect(
      commandsFor(
        introduction(
          "a countertop 1, a cabinet 1, and a sinkbasin 1",
          "put a clean mug in cabinet",
        ),
        "You arrive at countertop 1. On the countertop 1, you see a mug 2, and a pan 1.",
        "You pick up the mug 2 from the countertop 1.",
        "You arrive at sinkbasin 1. On the sinkbasin 1, you see nothing.",
        "You clean the mug 2 using the sinkbasin 1.",
        "You arrive at cabinet 1. The cabinet 1 is closed.",
        "You open the cabinet 1. The cabinet 1 is open. In it, you see nothing.",
      ),
    ).toEqual([
      "go to countertop 1",
      "take mug 2 from countertop 1",
      "go to sinkbasin 1",
      "clean mug 2 with sinkbasin 1",
      "go to cabinet 1",
      "open cabinet 1",
      "move mug 2 to cabinet 1",
    ]);
  });

  it("brings two objects to one receptacle", () => {
    expect(
      commandsFor(
        introduction("a bed 1, and a sofa 1", "put two pillow in sofa"),
        "You arrive at bed 1. On the bed 1, you see a pillow 2, and a pillow 1.",
        "You pick up the pillow 2 from the bed 1.",
        "You arrive at sofa 1. On the sofa 1, you see nothing.",
        "You move the pillow 2 to the sofa 1.",
        "You arrive at bed 1. On the bed 1, you see a pillow 1.",
        "You pick up the pillow 1 from the bed 1.",
        "You arrive at sofa 1. On the sofa 1, you see a pillow 2.",
      ),
    ).toEqual([
      "go to bed 1",
      "take pillow 2 from bed 1",
      "go to sofa 1",
      "move pillow 2 to sofa 1",
      "go to bed 1",
      "take pillow 1 from bed 1",
      "go to sofa 1",
      "move pillow 1 to sofa 1",
    ]);
  });

  it("searches for the lamp with the object in its hand", () => {
    expect(
      commandsFor(
        introduction("a bed 1, and a sidetable 1", "look at book under the desklamp"),
        "You arrive at bed 1. On the bed 1, you see a book 1.",
        "You pick up the book 1 from the bed 1.",
        "You arrive at sidetable 1. On the sidetable 1, you see a desklamp 1.",
      ),
    ).toEqual(["go to bed 1", "take book 1 from bed 1", "go to sidetable 1", "use desklamp 1"]);
  });

  it("infers its location from a receptacle that it cannot go to", () => {
    expect(
      commandsFor(
        introduction("a fridge 1, and a garbagecan 1", "put some egg on garbagecan"),
        "You arrive at fridge 1. The fridge 1 is closed.",
        "You open the fridge 1. The fridge 1 is open. In it, you see a egg 1.",
        "You pick up the egg 1 from the fridge 1.",
        "Nothing happens.",
        "On the garbagecan 1, you see nothing.",
      ),
    ).toEqual([
      "go to fridge 1",
      "open fridge 1",
      "take egg 1 from fridge 1",
      "go to garbagecan 1",
      "examine garbagecan 1",
      "move egg 1 to garbagecan 1",
    ]);
  });

  it("gives up after searching everywhere twice", () => {
    const desk = "You arrive at desk 1. On the desk 1, you see nothing.";
    const nothing = "On the desk 1, you see nothing.";
    expect(commandsFor(introduction("a desk 1", "put a cd in safe"), desk, nothing)).toEqual([
      "go to desk 1",
      "examine desk 1",
      undefined,
    ]);
  });

  it("gives up on an unknown task", () => {
    expect(commandsFor(introduction("a desk 1", "tidy up"))).toEqual([undefined]);
  });

  it("requires an introduction", () => {
    expect(() => createSearcher(createRandom(1)).next("Nothing happens.")).toThrow(
      new RangeError(
        'Searcher.next: the first observation must be an introduction, got "Nothing happens."',
      ),
    );
  });

  it("recovers from its hurried commands", () => {
    const lengths = [0, 0.4].map((share) =>
      Array.from({ length: 12 }, (_, seed) => {
        const game = loadGame(generateGame({ seed, size: "tiny" }), "generated");
        const state = game.start();
        const random = createRandom(seed);
        const hurry = { share, random: random.fork("hurry") };
        const searcher = createSearcher(random, share > 0 ? { hurry } : {});
        let numTurns = 0;
        for (; !state.isWon; numTurns++) state.step(searcher.next(state.observation)!);
        return numTurns;
      }),
    );
    const [calm, hurried] = lengths.map((list) => list.reduce((sum, each) => sum + each));
    expect(hurried).toBeGreaterThan(1.3 * calm!);
  });
});
