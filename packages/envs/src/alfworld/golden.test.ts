import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gameOrder } from "./game-order.ts";
import type { Game } from "./game.ts";
import { openGames } from "./open-games.ts";
import { replayGame } from "./replay.ts";
import {
  type GoldenEpisode,
  goldenEpisodes,
  hasReleasedData,
  releasedGames,
  releasedPath,
} from "./testing/released-data.ts";

/** Counts answers that differ from the recorded ones, and reports the first difference. */
async function compare(
  name: string,
  load: (episode: GoldenEpisode) => Promise<Game>,
): Promise<{ episodes: number; steps: number; differences: string[] }> {
  const episodes = goldenEpisodes(name);
  const differences: string[] = [];
  let steps = 0;
  for (const episode of episodes) {
    const game = await load(episode);
    const { initial, max_episode_steps: maxSteps = Infinity } = episode;
    const expected = [{ command: null, score: 0, done: false, ...initial }, ...episode.steps];
    const commands = episode.steps.map(({ command }) => command);
    let at = 0;
    for (const record of replayGame(game, commands, { maxSteps })) {
      const { command, obs, admissible, score, done, won } = expected[at]!;
      const wanted = JSON.stringify({ command, obs, admissible, score, done, won });
      const got = JSON.stringify(record);
      if (got !== wanted) differences.push(`${episode.game} ${at}: ${got} instead of ${wanted}`);
      at++;
    }
    steps += commands.length;
  }
  console.log(
    `golden ${name}: ${episodes.length} episodes, ${steps} steps, ${differences.length} differences`,
  );
  return { episodes: episodes.length, steps, differences: differences.slice(0, 3) };
}

describe.skipIf(!hasReleasedData)("against the reference", () => {
  const loadReleased = async ({ game }: GoldenEpisode): Promise<Game> =>
    (await releasedGames()).load(game);

  it("reproduces random and solving episodes character for character", async () => {
    expect(await compare("core", loadReleased)).toEqual({
      episodes: 144,
      steps: 7941,
      differences: [],
    });
  });

  it("reproduces scripted episodes with rare texts and unusual white space", async () => {
    expect(await compare("scripted", loadReleased)).toEqual({
      episodes: 16,
      steps: 1959,
      differences: [],
    });
  });

  it("reproduces the walkthroughs of other games", async () => {
    expect(await compare("walkthroughs", loadReleased)).toEqual({
      episodes: 150,
      steps: 1169,
      differences: [],
    });
  });

  it("reproduces TextWorld's own test game, another domain with an old grammar", async () => {
    const file = releasedPath("textworld_test_game/game.tw-pddl");
    const set = await openGames(file, { naming: "ids" });
    const load = (): Promise<Game> => set.load(set.tasks[0]!.id);
    expect(await compare("textworld_test_game", load)).toEqual({
      episodes: 3,
      steps: 123,
      differences: [],
    });
  });

  it("plays game files like the archive", async () => {
    const whole = await openGames(releasedPath("games/json_2.1.1"));
    const archive = await releasedGames();
    expect(whole.tasks).toHaveLength(36);
    for (const { id, kind, split } of whole.tasks) {
      const [fromFile, fromArchive] = await Promise.all([whole.read(id), archive.read(id)]);
      expect(fromFile).toEqual(fromArchive);
      expect(archive.tasks).toContainEqual({ id, kind, split });
    }
  });

  it("wins every released game at the end of its walkthrough", async () => {
    const set = await releasedGames();
    const failures: string[] = [];
    let numCommands = 0;
    for (const { id } of set.tasks) {
      const game = await set.load(id);
      const state = game.start();
      for (const command of game.walkthrough!) {
        if (state.isWon) failures.push(`${id} is won before ${command}`);
        if (!state.step(command)) failures.push(`${id} does not admit ${command}`);
        numCommands++;
      }
      if (!state.isWon) failures.push(`${id} is not won`);
    }
    console.log(
      `released games: ${set.tasks.length} loaded, ${numCommands} commands, ${failures.length} failures`,
    );
    expect(failures).toEqual([]);
    expect(set.tasks).toHaveLength(4027);
    expect(numCommands).toBe(24129);
  }, 300_000);

  it("counts the released games by split and kind", async () => {
    const set = await releasedGames();
    expect(set.skipped).toEqual([]);
    const count = (split: "train" | "valid_seen" | "valid_unseen" | "valid_train"): number[] => {
      const kinds = set.select({ split }).map(({ kind }) => kind);
      return [...new Set(kinds)].sort().map((kind) => kinds.filter((own) => own === kind).length);
    };
    // In alphabetical order of the task types: light, simple, clean, cool, heat, two.
    expect(count("train")).toEqual([308, 790, 650, 533, 459, 813]);
    expect(count("valid_seen")).toEqual([13, 35, 27, 25, 16, 24]);
    expect(count("valid_unseen")).toEqual([18, 24, 31, 21, 23, 17]);
    expect(count("valid_train")).toEqual([19, 46, 37, 28, 25, 45]);
  });

  it("draws games in numpy's order", () => {
    const data: {
      vectors: { n: number; seed: number; order: number[] }[];
    } = JSON.parse(readFileSync(releasedPath("seed_order.json"), "utf8"));
    for (const { n, seed, order } of data.vectors) {
      const drawn = gameOrder(n, seed);
      expect(order.map(() => drawn.next().value)).toEqual(order);
    }
    expect(data.vectors.length).toBeGreaterThan(20);
  });
});
