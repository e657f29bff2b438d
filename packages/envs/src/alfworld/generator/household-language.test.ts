import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";

import { loadGame } from "../load-game.ts";
import { generateGame } from "./generate-game.ts";

/** Reads domain and grammar of released games, if available. */
function releasedTexts(): { domain: string; grammar: string } | undefined {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const folder = join(at, "shared", "alfworld");
    if (existsSync(folder)) {
      return {
        domain: readFileSync(join(folder, "alfred.pddl"), "utf8"),
        grammar: readFileSync(join(folder, "alfred.twl2"), "utf8"),
      };
    }
    if (dirname(at) === at) {
      console.log("skipped: the ALFWorld data is missing at ../shared/alfworld");
      return undefined;
    }
  }
}

const released = releasedTexts();

describe("the language of generated games", () => {
  it.skipIf(released === undefined)("equals that of released games, except for the help", () => {
    const { domain, grammar } = released!;
    const said = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const file = generateGame({
        seed,
        size: (["small", "medium", "large"] as const)[seed % 3]!,
        sharedLocations: seed % 4 === 0 ? 0.8 : 0,
      });
      const game = loadGame(file, "generated");
      const ours = game.start();
      const theirs = loadGame(
        { ...file, pddl_domain: domain, grammar: grammar.replace("UNKNOWN GOAL", game.goal) },
        "released texts",
      ).start();
      const random = createRandom(seed);
      let command = "";
      for (let turn = 0; turn < 80; turn++) {
        expect(ours.observation).toBe(theirs.observation);
        expect(ours.admissibleCommands).toEqual(theirs.admissibleCommands);
        expect(ours.isWon).toBe(theirs.isWon);
        // Choose each verb with equal probability, so that rare verbs occur; examine treated
        // objects.
        const commands = ours.admissibleCommands.filter((text) => text !== "help");
        const treated = /^(?:clean|heat|cool|slice) (\w+ \d+)/.exec(command)?.[1];
        const verb = random.choice([...new Set(commands.map((text) => text.split(" ")[0]!))]);
        command =
          commands.find((text) => text === `examine ${treated}`) ??
          random.choice(commands.filter((text) => text.startsWith(verb)));
        ours.step(command);
        theirs.step(command);
        said.add(
          ours.observation
            .replaceAll(/\w+ \d+/g, "X")
            .replaceAll(/a X(, (and )?a X)*/g, "some")
            .replaceAll(/X(, (and )?X)+/g, "several"),
        );
      }
    }
    // All types of sentences must have occurred: hot, cold, clean and sliced objects, floors,
    // lamps.
    for (const sentence of [
      "You are in the middle of a room. Looking quickly around you, you see nothing.",
      "You are facing the several. Next to it, you see some.",
      "You are facing the X. Next to it, you see nothing.",
      "You arrive at X. The X is closed.",
      "You open the X. The X is open. In it, you see nothing.",
      "You sliced the X with the X.",
      "You turn on the X.",
      "This is a normal X. In it, you see nothing.",
      "This is a cold X.",
      "This is a clean X.",
      "You are carrying: some.",
      "There's nothing special about X.",
    ]) {
      expect(said).toContain(sentence);
    }
  });
});
