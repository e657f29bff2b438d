import { readFile } from "node:fs/promises";
import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { createSearcher } from "./expert/searcher.ts";
import { parseGameFile } from "./game-file.ts";
import { generateGames } from "./generator/generate-games.ts";
import { loadGame } from "./load-game.ts";
import { convertToOlderWording } from "./older-wording.ts";
import { compactFormat } from "./prompt.ts";
import { replayGame } from "./replay.ts";
import { hasReleasedData, releasedGames, releasedPath } from "./testing/released-data.ts";

const generated = generateGames({ seed: 3, count: 12 });

describe("the older wording", () => {
  it("appears in commands, answers and the walkthrough, and its commands have their effects", () => {
    for (const file of generated) {
      const game = loadGame(file, "game", { wording: "put" });
      const records = [...replayGame(game, game.walkthrough!)];
      expect(records.at(-1)!.won).toBe(true);
      for (const { admissible } of records) {
        expect(admissible.filter((command) => /^(?:move|help)\b/u.test(command))).toEqual([]);
      }
      const puts = records.filter(({ command }) => command?.startsWith("put ") === true);
      for (const { command, obs } of puts) {
        const [, object, receptacle] = /^put (.*) in\/on (.*)$/u.exec(command!)!;
        expect(obs).toBe(`You put the ${object} in/on the ${receptacle}.`);
      }
      for (const put of puts) {
        expect(records[records.indexOf(put) - 1]!.admissible).toContain(put.command);
      }
    }
  });

  it("accepts no other wording", () => {
    const [file] = generated;
    const state = loadGame(file!, "game", { wording: "put" }).start();
    for (const command of file!.walkthrough) {
      const isMove = command.startsWith("move ");
      expect(state.step(command)).toBe(!isMove);
      expect(state.observation === "Nothing happens.").toBe(isMove);
    }
    expect(state.step("help")).toBe(false);
  });

  it("works with the searcher and the compact format", () => {
    let wins = 0;
    for (const [i, file] of generated.entries()) {
      const state = loadGame(file, "game", { wording: "put" }).start();
      const searcher = createSearcher(createRandom(i), { wording: "put" });
      for (let turn = 0; turn < 60 && !state.isWon; turn++) {
        const command = searcher.next(state.observation);
        if (command === undefined) break;
        const format = compactFormat();
        // A word-level tokenizer puts spaces around the slash.
        const response = format.write(command).replace("/", " / ");
        const observation = {
          text: state.observation,
          admissibleActions: state.admissibleCommands,
        };
        expect(format.parse(response, observation).action).toBe(command);
        state.step(command);
      }
      if (state.isWon) wins++;
    }
    expect(wins).toBe(generated.length);
  });

  it("is rejected for a grammar without it", () => {
    const [file] = generated;
    const once = convertToOlderWording(file!, "game");
    expect(convertToOlderWording(once, "game")).toBe(once);
    expect(() =>
      convertToOlderWording({ ...file!, grammar: file!.grammar.replaceAll("move", "lay") }, "game"),
    ).toThrow('game: grammar has no command "move {o} to {r}", which the older wording replaces');
  });

  it.runIf(hasReleasedData)(
    "equals that of the older release, character for character",
    async () => {
      const path = releasedPath("textworld_test_game/game.tw-pddl");
      const old = parseGameFile(await readFile(path, "utf8"), path);
      const grammar = await readFile(releasedPath("alfred.twl2"), "utf8");
      const domain = await readFile(releasedPath("alfred.pddl"), "utf8");
      const worded = convertToOlderWording(
        { grammar, pddl_domain: domain, pddl_problem: "" },
        "alfred",
      );
      expect(
        worded.grammar.replace("to: UNKNOWN GOAL.", "to examine a CD under a light source.").trim(),
      ).toBe(old.grammar.trim());
      expect(worded.pddl_domain).not.toContain("help");
    },
  );

  it.runIf(hasReleasedData)(
    "works in released games, with the number of the location",
    async () => {
      const set = await releasedGames();
      for (const { id } of set.tasks.filter((_, i) => i % 400 === 0)) {
        const game = loadGame(await set.read(id), id, { wording: "put" });
        const records = [...replayGame(game, game.walkthrough!)];
        expect(records.at(-1)!.won).toBe(true);
        const arrivals = records.filter(({ command }) => command?.startsWith("go to ") === true);
        for (const { obs } of arrivals) expect(obs).toMatch(/^You arrive at loc \d+\. /u);
      }
    },
  );
});
