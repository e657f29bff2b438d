import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readHumanGoals } from "./human-goals.ts";
import { loadGame } from "./load-game.ts";
import { openGames } from "./open-games.ts";
import { smallHouse } from "./testing/small-game.ts";
import { hasReleasedData, releasedGames, releasedPath } from "./testing/released-data.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-goals-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

describe("human goals", () => {
  it("are found by task and trial, for any start of the path", async () => {
    const id = "valid_seen/look_at_obj-Pen/trial_1/game.tw-pddl";
    const goals = await readHumanGoals(
      await write("goals.json", `\uFEFF{"${id}": {"human_goals": ["a.", "b\\n c"], "other": 1}}`),
    );
    expect(goals.size).toBe(1);
    for (const path of [id, "look_at_obj-Pen/trial_1", `/data/${id}`, id.replaceAll("/", "\\")]) {
      expect(goals.of(path)).toEqual(["a.", "b c"]);
    }
    expect(goals.of("look_at_obj-Pen/trial_2")).toBeUndefined();
    expect(goals.of("")).toBeUndefined();
  });

  it("are rejected with the name of the invalid game", async () => {
    const refusal = async (content: string): Promise<string> =>
      readHumanGoals(await write("bad.json", content)).then(
        () => "no error",
        (error: unknown) => String(error).replace(folder, ""),
      );
    expect(await refusal("{")).toMatch(/^GameFileError: \/bad\.json: the file is not valid JSON/u);
    expect(await refusal("[]")).toMatch(/must be a JSON object, got \[\]$/u);
    for (const list of ["[]", "3", '["a", ""]', "null"]) {
      expect(await refusal(`{"g": {"human_goals": ${list}}}`)).toMatch(
        /bad\.json: human_goals of "g" must be a list of sentences, got /u,
      );
    }
    expect(await refusal('{"g": {}}')).toMatch(/human_goals of "g" must be a list/u);
    await expect(readHumanGoals(join(folder, "none"))).rejects.toThrow(/none: the file cannot be/u);
  });
});

describe("a goal with another sentence", () => {
  const sentence = 'Put {two} "cups" #on#; [a] table | now.';

  it("is shown unchanged, and affects nothing else", () => {
    const plain = loadGame(smallHouse, "house");
    const game = loadGame(smallHouse, "house", { goal: sentence });
    expect(game.start().observation).toBe(
      plain.start().observation.replace(plain.goal, () => sentence),
    );
    expect(game.start().observation).toContain(`Your task is to: ${sentence}.`);
    expect(game.goal).toBe(sentence);
    expect(game.start().admissibleCommands).toEqual(plain.start().admissibleCommands);
    expect(loadGame(smallHouse, "house").goal).toBe(plain.goal);
  });

  it("requires a grammar with one sentence for the task", () => {
    const grammar = smallHouse.grammar.replace("Your task is to", "Do this");
    expect(() => loadGame({ ...smallHouse, grammar }, "house", { goal: "x" })).toThrow(
      /^house: grammar must have a rule "task" with one alternative that begins with "Your task is to", so that its goal can be replaced/u,
    );
  });

  it("is chosen by the path of each game", async () => {
    const path = await write(
      "tree/valid_seen/look-Pen/trial_1/game.tw-pddl",
      JSON.stringify({ ...smallHouse, solvable: true }),
    );
    const seen: string[] = [];
    const goalOf = (game: string): string => {
      seen.push(game);
      return "do it";
    };
    for (const place of [join(folder, "tree"), path]) {
      const set = await openGames(place, { goalOf });
      expect((await set.load(set.tasks[0]!.id)).goal).toBe("do it");
    }
    expect(seen).toEqual([path, path]);
  });

  it.runIf(hasReleasedData)("exists for all released validation games", async () => {
    const goals = await readHumanGoals(releasedPath("human_goals_valid.json"));
    const set = await releasedGames();
    const chosen = set.tasks.filter(({ split }) => split?.startsWith("valid_") === true);
    const withGoals = chosen.filter(({ id }) => goals.of(id) !== undefined);
    expect(withGoals).toHaveLength(474);
    for (const { id } of withGoals.filter((_, i) => i % 60 === 0)) {
      const [goal] = goals.of(id)!;
      const game = loadGame(await set.read(id), id, { goal: goal! });
      expect(game.start().observation.endsWith(`\n\nYour task is to: ${goal}.`)).toBe(true);
    }
  });
});
