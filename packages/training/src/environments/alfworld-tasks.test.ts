import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createRandom } from "@turnwise/core";
import { generateGames, openAlfworldTasks, type AlfworldTasks } from "@turnwise/envs/alfworld";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkConfig } from "../settings/config.ts";
import { InputError } from "../input-error.ts";
import { householdGames, releasedHouseholdGames } from "../experiments/household-games.ts";

let folder: string;
const files = generateGames({ seed: 1, count: 3, size: "small" });
const heat = "pick_heat_then_place_in_recep-Mug-None-Desk-10";
const look = "look_at_obj_in_light-Pen-None-DeskLamp-2";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-tasks-"));
  const file = JSON.stringify({ ...files[0]!, solvable: true });
  const add = async (path: string, text = file): Promise<void> => {
    const target = join(folder, path, "game.tw-pddl");
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  };
  for (const trial of ["trial_1", "trial_2"]) {
    await add(`unseen/valid_unseen/${heat}/${trial}`);
    await add(`unseen/valid_unseen/${look}/${trial}`);
    await add(`learn/train/${heat}/${trial}`);
  }
  await add(`both/train/${heat}/trial_1`);
  await add(`both/valid_unseen/${look}/trial_1`);
  await add(`both/train/${look}/trial_1`, file.slice(0, -30));
  await add(`both/train/pick_and_place_with_movable_recep-Mug-Pan-Desk-1/trial_1`);
  await mkdir(join(folder, "both/train/gone"));
  await symlink("nowhere", join(folder, "both/train/gone/game.tw-pddl"));
});

afterAll(() => rm(folder, { recursive: true }));

const base = releasedHouseholdGames(1, "unused");

async function open(name: string, changes: Partial<AlfworldTasks>) {
  const tasks = { ...base.tasks, path: join(folder, name), ...changes } as AlfworldTasks;
  const source = await openAlfworldTasks(tasks, base.episode, 1);
  return {
    ...source,
    description: source.description.replace(folder, ""),
    ids: source.evaluation.map(({ split, tasks: games }) => [
      split,
      ...games.map(({ id }) => id.replace("/game.tw-pddl", "")),
    ]),
  };
}

const evaluate = (split: string, changes: Partial<AlfworldTasks> = {}): Partial<AlfworldTasks> => ({
  numTraining: 0,
  evaluation: [{ split, numTasks: 9 }],
  ...changes,
});

describe("an evaluation", () => {
  it("needs only its own split", async () => {
    const source = await open("unseen", evaluate("valid_unseen"));
    expect(source.training).toEqual([]);
    expect(source.ids[0]).toHaveLength(5);
    expect(source.description).toBe("games: 4 in /unseen; 4 of valid_unseen to evaluate");
    await expect(open("unseen", evaluate("valid_seen"))).rejects.toThrow(
      new InputError(
        `${join(folder, "unseen")}: split valid_seen has no games (splits with games: valid_unseen)`,
      ),
    );
  });

  it("defaults to a split that has games", async () => {
    const idsOf = async (name: string, changes = {}) =>
      (await open(name, evaluate("default", changes))).ids;
    expect((await idsOf("unseen"))[0]![0]).toBe("valid_unseen");
    expect((await idsOf("learn"))[0]![0]).toBe("train");
    expect(await idsOf(`unseen/valid_unseen/${look}`)).toEqual([
      ["valid_unseen", "trial_1", "trial_2"],
    ]);
    // The held-out split has no game of this kind.
    expect(await idsOf("both", { kinds: ["pick_heat_then_place_in_recep"] })).toEqual([
      ["train", `train/${heat}/trial_1`],
    ]);
  });

  it("plays games of some kinds, by index or by path", async () => {
    const idsOf = async (changes: Partial<AlfworldTasks>) =>
      (await open("unseen", evaluate("valid_unseen", changes))).ids[0]!.slice(1);
    const ids = [look, heat].flatMap((kind) =>
      ["trial_1", "trial_2"].map((trial) => `valid_unseen/${kind}/${trial}`),
    );
    expect(await idsOf({ kinds: ["look_at_obj_in_light"] })).toEqual(ids.slice(0, 2));
    expect(await idsOf({ indices: [0, 3] })).toEqual([ids[0], ids[3]]);
    expect(await idsOf({ paths: [heat] })).toEqual(ids.slice(2));
    expect(await idsOf({ paths: [`valid_unseen/${look}/trial_2`] })).toEqual([ids[1]]);
    await expect(idsOf({ indices: [4] })).rejects.toThrow(
      /unseen, split valid_unseen: index must be in \[0, 3\], got 4$/u,
    );
    await expect(idsOf({ paths: ["trial_3"] })).rejects.toThrow(
      /unseen: path must be the id of a game or a folder in such an id, got "trial_3"$/u,
    );
    await expect(idsOf({ kinds: ["pick_two_obj_and_place"] })).rejects.toThrow(
      /split valid_unseen has no games of kinds pick_two_obj_and_place/u,
    );
  });

  it("plays generated games of some kinds", async () => {
    const kinds = ["look_at_obj_in_light"] as const;
    const tasks = {
      ...base.tasks,
      ...evaluate("held_out"),
      path: null,
      kinds,
    } as unknown as AlfworldTasks;
    const source = await openAlfworldTasks(tasks, base.episode, 1);
    expect(source.evaluation[0]!.tasks.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 9 }, () => kinds[0]),
    );
  });
});

describe("training", () => {
  it("skips optional evaluation splits that the data lacks, and reports it", async () => {
    const source = await open("learn", {});
    expect(source.training).toHaveLength(2);
    expect(source.evaluation).toEqual([]);
    expect(source.description).toBe(
      "games: 2 in /learn; 2 to train, valid_seen skipped (no games), valid_unseen skipped (no games)",
    );
  });

  it("needs no evaluation split", async () => {
    const source = await open("learn", { evaluation: [] });
    expect(source.description).toBe("games: 2 in /learn; 2 to train, no evaluation");
    const config = householdGames(1);
    const tasks = { ...config.tasks, evaluation: [] };
    expect(checkConfig({ ...config, tasks }, "options").tasks).toMatchObject({ evaluation: [] });
  });

  it("refuses a requested split without games", async () => {
    await expect(
      open("learn", { evaluation: [{ split: "valid_seen", numTasks: 1 }] }),
    ).rejects.toThrow("split valid_seen has no games (splits with games: train)");
    await expect(open("unseen", {})).rejects.toThrow("split train has no games");
  });

  it("reports games that are not used, and refuses broken ones if strict", async () => {
    const source = await open("both", {});
    expect(source.description).toBe(
      "games: 2 of 5 in /both (skipped: 1 movable; 2 broken: train/gone/game.tw-pddl (a broken link), " +
        `train/${look}/trial_1/game.tw-pddl (truncated)); 1 to train, ` +
        "1 of valid_unseen to evaluate, valid_seen skipped (no games)",
    );
    expect(source.omissions).toMatchObject({
      skipped: [{ reason: "movable" }],
      broken: [{ problem: "a broken link" }, { problem: "truncated" }],
    });
    expect((await open("both", { include: ["movable"] })).training).toHaveLength(2);
    await expect(open("both", { strict: true })).rejects.toThrow(
      /both: game files must be valid, got 2 broken: train\/gone\/game\.tw-pddl \(a broken link\), /u,
    );
  });
});

describe("the goal's wording", () => {
  const goals = async (name: string, content: object): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, JSON.stringify(content));
    return path;
  };

  it("may be the older one, in which demonstrations succeed too", async () => {
    const source = await open("learn", { wording: "put" });
    const environment = await source.createEnvironment(source.training[0]!);
    const { admissibleActions } = await environment.reset();
    expect(admissibleActions).not.toContain("help");
    const demonstrations = await source.demonstrator!.demonstrate(
      source.training,
      0,
      createRandom(1),
    );
    const actions = demonstrations.flatMap(({ turns }) => turns.map(({ action }) => action));
    expect(demonstrations.every(({ isSuccess }) => isSuccess)).toBe(true);
    expect(actions.some((action) => /^put .* in\/on /u.test(action))).toBe(true);
  });

  it("may be sentences written by people, which demonstrators need not understand", async () => {
    const sentences = ["Bring it.", "carry the thing"];
    const humanGoals = await goals("goals.json", {
      [`train/${heat}/trial_1/game.tw-pddl`]: { human_goals: sentences },
      [`train/${heat}/trial_2/game.tw-pddl`]: { human_goals: sentences },
    });
    const source = await open("learn", { humanGoals });
    const environment = await source.createEnvironment(source.training[0]!);
    const { text } = await environment.reset();
    expect(sentences.some((goal) => text.endsWith(`Your task is to: ${goal}.`))).toBe(true);
    const demonstrations = await source.demonstrator!.demonstrate(
      source.training,
      0,
      createRandom(1),
    );
    expect(demonstrations.every(({ isSuccess }) => isSuccess)).toBe(true);
  });

  it("must cover all games in use, and no generated games", async () => {
    const humanGoals = await goals("few.json", {
      [`train/${heat}/trial_1/game.tw-pddl`]: ["Bring it."],
    });
    await expect(open("learn", { humanGoals })).rejects.toThrow(
      /few\.json: no goal sentence for train\/.*trial_2\/game\.tw-pddl; every game of split train needs one$/u,
    );
    const [only] = (await open("learn", { humanGoals, paths: [`${heat}/trial_1`] })).training;
    expect(only!.id).toContain("trial_1");
    const tasks = { ...base.tasks, path: null, humanGoals } as AlfworldTasks;
    await expect(openAlfworldTasks(tasks, base.episode, 1)).rejects.toThrow(
      "tasks.humanGoals must be null for generated games",
    );
  });
});
