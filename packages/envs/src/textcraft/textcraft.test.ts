import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@turnwise/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainText } from "../chat-template.ts";
import {
  act,
  agentgymFormat,
  bookTasks,
  compactCraftingFormat,
  craftingEnvironment,
  generateCraftingTasks,
  itemDepths,
  openTextcraftTasks,
  readRecipes,
  recipeBook,
  recipeCommand,
  shortestCraftPlan,
  textcraftTasksSchema,
  type CraftingTask,
  type Inventory,
  type RecipeBook,
} from "./index.ts";

const item = (id: string, count: number) => ({ kind: "item" as const, id: `shop:${id}`, count });
const cloths = { kind: "group" as const, id: "shop:cloth", count: 2 };

/** A tent needs a pole and two pieces of the same cloth, which exists in two colours. */
const book = recipeBook({
  namespace: "shop",
  recipes: [
    { output: "shop:tent", count: 1, ingredients: [cloths, item("long_pole", 3)] },
    { output: "shop:long_pole", count: 2, ingredients: [item("reed", 1)] },
    { output: "shop:red_cloth", count: 1, ingredients: [item("wool", 2), item("dye", 1)] },
    { output: "shop:raw_cloth", count: 1, ingredients: [item("wool", 3)] },
  ],
  groupOf: new Map([
    ["shop:red_cloth", "shop:cloth"],
    ["shop:raw_cloth", "shop:cloth"],
  ]),
});
const task: CraftingTask = {
  id: "tent",
  kind: "depth-2",
  book,
  goal: "shop:tent",
  commands: book.recipes.map((recipe) => recipeCommand(book, recipe)),
};

/** Replies to several actions in a row. */
function replies(...actions: string[]): string[] {
  let inventory: Inventory = new Map();
  return actions.map((action) => {
    const reply = act(book, inventory, action);
    inventory = reply.inventory;
    return reply.text;
  });
}

// Output of AgentGym's program for the same actions, except for the namespace of its items.
describe("actions", () => {
  it("find what has no recipe, in any number", () => {
    expect(replies("get 5 wool", "get 007 dye", "inventory")).toEqual([
      "Got 5 wool",
      "Got 7 dye",
      "Inventory: [wool] (5) [dye] (7) ",
    ]);
    expect(replies("get 1 long pole", "get 1 cloth", "get 1 gold", "get wool")).toEqual([
      "Could not find long pole",
      "Could not find cloth",
      "Could not find gold",
      "Could not execute get wool",
    ]);
  });

  it("craft with the exact numbers of a recipe, whatever number of products the action states", () => {
    expect(
      replies("get 9 reed", "craft 2 long pole using 1 reed", "craft long pole using 1 reed"),
    ).toEqual(["Got 9 reed", "Crafted 2 shop:long_pole", "Crafted 2 shop:long_pole"]);
    const invalid = (output: string, count: number): string =>
      `Could not find a valid recipe for ItemTagWithCount(item_tag=ItemTag(tag=None, item_id='shop:${output}'), count=${count})`;
    expect(
      replies(
        "get 9 reed",
        "craft 4 long pole using 2 reed",
        "craft 1 gold using 1 reed",
        "craft 2 long pole using 1 reed, 1 reed",
        "craft 1 cloth using 1 reed",
      ).slice(1),
    ).toEqual([
      invalid("long_pole", 4),
      invalid("gold", 1),
      invalid("long_pole", 2),
      "Could not find a valid recipe for ItemTagWithCount(item_tag=ItemTag(tag='shop:cloth', item_id=None), count=1)",
    ]);
    expect(
      replies(
        "craft 2 long pole using 1 reed",
        "craft 1 tent using 2 cloth, 3 long pole",
        "craft 1 cloth using 1 cloth",
        "craft 1 tent using reed",
        "look",
        "inventory please",
      ),
    ).toEqual([
      "Could not find enough items to craft shop:long_pole",
      "Could not find enough items to craft shop:tent",
      "Could not find enough items to craft None",
      "Wrong item format: reed",
      "Could not execute look",
      "Inventory: You are not carrying anything.",
    ]);
  });
});

describe("shortestCraftPlan", () => {
  it("gets each item once, and takes the cloth that needs fewer items", () => {
    const steps = shortestCraftPlan(book, "shop:tent")!.map((step) =>
      step.kind === "get" ? `get ${step.count} ${step.item}` : recipeCommand(book, step.recipe),
    );
    expect(steps).toEqual([
      "get 6 shop:wool",
      "craft 1 raw cloth using 3 wool",
      "craft 1 raw cloth using 3 wool",
      "get 2 shop:reed",
      "craft 2 long pole using 1 reed",
      "craft 2 long pole using 1 reed",
      "craft 1 tent using 2 raw cloth, 3 long pole",
    ]);
  });

  it("knows what cannot be crafted, and gives up after the maximum number of partial plans", () => {
    expect(shortestCraftPlan(book, "shop:wool")).toBeUndefined();
    expect(() => shortestCraftPlan(book, "shop:tent", { maxNodes: 2 })).toThrow(
      "shortestCraftPlan: found no plan for shop:tent within 2 partial plans",
    );
  });
});

describe("an episode", () => {
  it("ends with the goal, in TextCraft's words", async () => {
    const environment = craftingEnvironment(task);
    expect(await environment.reset()).toEqual({
      text:
        "Crafting commands:\ncraft 1 tent using 2 cloth, 3 long pole\ncraft 2 long pole using 1 reed\n" +
        "craft 1 red cloth using 2 wool, 1 dye\ncraft 1 raw cloth using 3 wool\n\nGoal: craft tent.",
      admissibleActions: ["get 1 reed", "get 2 wool", "get 1 dye", "get 3 wool", "inventory"],
    });
    for (const action of ["get 6 wool", "get 2 reed"]) await environment.step(action);
    for (const action of [1, 2]) {
      expect(action).toBeLessThan(3);
      await environment.step("craft 1 raw cloth using 3 wool");
      await environment.step("craft 2 long pole using 1 reed");
    }
    const last = await environment.step("craft 1 tent using 2 raw cloth, 3 long pole");
    expect(last).toEqual({
      text: "Crafted 1 shop:tent",
      admissibleActions: [],
      reward: 1,
      isTerminal: true,
      isSuccess: true,
    });
  });

  it("is played in few words by small models", async () => {
    const environment = craftingEnvironment(task, { text: "compact", successReward: 10 });
    const play = async (action: string) => (await environment.step(action)).text;
    const first = await environment.reset();
    expect(compactCraftingFormat.prompt([], first)).toBe(
      "<obs> goal tent ; 1 tent = 2 cloth 3 longpole ; 2 longpole = 1 reed ; 1 redcloth = 2 wool 1 dye ; 1 rawcloth = 3 wool ; <act>",
    );
    expect(await play("craft longpole")).toBe("nothing");
    expect(await play("get 2 longpole")).toBe("nothing");
    expect(await play("get 6 wool")).toBe("have 6 wool");
    expect(await play("craft rawcloth")).toBe("have 3 wool 1 rawcloth");
    expect(await play("craft  rawcloth ")).toBe("have 2 rawcloth");
    expect(await play("dance")).toBe("nothing");
    expect(await environment.render!()).toMatchObject({
      kind: "crafting",
      goal: "tent",
      isSolved: false,
      inventory: [{ name: "raw cloth", count: 2 }],
    });
    await play("get 2 reed");
    await play("craft longpole");
    expect(await play("craft longpole")).toBe("have 2 rawcloth 4 longpole");
    expect(await environment.step("craft tent")).toMatchObject({ reward: 10, isSuccess: true });
  });
});

describe("AgentGym's format", () => {
  const format = agentgymFormat({ instruction: "Rules.", template: plainText });

  it("is a conversation in the environment's words", async () => {
    const first = { text: "Goal: craft tent." };
    expect(format.prompt([], first)).toBe(plainText.first("Rules.", "Goal: craft tent."));
    expect(format.prompt([{ observation: first, action: "x" }], { text: "Got 1 dye" })).toBe(
      plainText.next("Got 1 dye"),
    );
  });

  it.for<[string, string, boolean]>([
    ["Thought:\nI need dye.\n\nAction:\nget 1 dye", "get 1 dye", true],
    ["Action: get 1  dye. \nthen more", "get 1 dye", true],
    [
      "Action:\n\n  craft 1 tent using 2 raw_cloth, 3 long pole",
      "craft 1 tent using 2 rawcloth, 3 long pole",
      true,
    ],
    ["get 1 dye", "", false],
    ["Action:", "", false],
    ["Action: get 1 dye\nAction: get 2 dye", "several actions", false],
  ])("reads %j", ([response, action, isValid]) => {
    expect(format.parse(response, { text: "" })).toEqual({ action, isValid });
  });

  it("explains that a response must have one action", async () => {
    const environment = craftingEnvironment(task);
    await environment.reset();
    expect((await environment.step("several actions")).text).toBe(
      "Error: Only one 'Action' is allowed per response. Please adjust your response.",
    );
  });

  it("tells thought and action apart", () => {
    const response = "Thought:\nwell\n\nAction:\nget 1 dye";
    const texts = format.roles!(response).map(({ role, start, end }) => [
      role,
      response.slice(start, end).trim(),
    ]);
    expect(texts).toEqual([
      ["reasoning", "well"],
      ["action", "get 1 dye"],
    ]);
  });
});

describe("recipe files", () => {
  let folder: string;
  const write = async (name: string, content: unknown): Promise<void> =>
    writeFile(join(folder, `${name}.json`), JSON.stringify(content));
  const shapeless = (output: string, ingredients: readonly object[], group?: string) => ({
    type: "minecraft:crafting_shapeless",
    ...(group !== undefined && { group }),
    ingredients,
    result: { item: output, count: 2 },
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "turnwise-recipes-"));
    await write("a_pole", {
      type: "minecraft:crafting_shaped",
      pattern: ["# ", " #"],
      key: { "#": [{ tag: "shop:reeds" }, { item: "shop:straw" }] },
      result: "shop:pole",
    });
    await write("b_red", shapeless("shop:red_cloth", [{ item: "shop:wool" }], "cloth"));
    await write("c_tent", shapeless("shop:tent", [{ tag: "shop:cloth" }, { tag: "shop:cloth" }]));
    await write("d_back", shapeless("shop:wool", [{ item: "shop:tent" }]));
    await write("e_brick", shapeless("shop:brick", [{ item: "shop:brick_block" }]));
    await write("f_smelt", { type: "minecraft:smelting", ingredient: { item: "shop:ore" } });
  });
  afterAll(() => rm(folder, { recursive: true }));

  const commands = ({ recipes, ...rest }: RecipeBook): string[] =>
    recipes.map((recipe) => recipeCommand(rest, recipe));

  it("are read as TextCraft reads them", async () => {
    const read = await readRecipes(folder);
    // A tag without a craftable item becomes an item; circular recipes and recipes from a block are
    // omitted.
    expect(commands(read)).toEqual([
      "craft 1 pole using 2 reeds",
      "craft 2 red cloth using 1 wool",
      "craft 2 tent using 2 cloth",
    ]);
    expect(act(read, new Map(), "get 2 reeds").text).toBe("Got 2 reeds");
    expect(act(read, new Map(), "get 1 brick").text).toBe("Got 1 brick");
    const depthOf = itemDepths(read);
    expect(["shop:wool", "shop:cloth", "shop:tent"].map(depthOf)).toEqual([0, 1, 2]);
    const tasks = bookTasks(
      read,
      { minDepth: 2, maxDepth: 3, numDistractors: 10 },
      createRandom(1),
    );
    expect(
      tasks.map(({ task: { id, kind, commands: shown } }) => [id, kind, shown.length]),
    ).toEqual([["tent", "depth-2", 2]]);
  });

  it("make tasks, of which the settings choose", async () => {
    const tasks = textcraftTasksSchema.parse({
      environment: "textcraft",
      path: folder,
      minDepth: 1,
      maxDepth: 4,
      maxIngredients: 1,
      maxCount: 1,
      maxOutput: 1,
      numDistractors: 0,
      format: "agentgym",
      numTraining: 9,
      evaluation: [],
    });
    const episode = { maxTurns: 9, successReward: 10 };
    const source = await openTextcraftTasks(tasks, episode, 1);
    expect(source.description).toContain(`recipes ${folder}; ${source.training.length} to train`);
    const demonstrations = await source.demonstrator!.demonstrate(
      source.training,
      0,
      createRandom(1),
    );
    expect(demonstrations.every(({ isSuccess }) => isSuccess)).toBe(true);
    await expect(openTextcraftTasks({ ...tasks, minDepth: 4 }, episode, 1)).rejects.toThrow(
      "textcraft: split train has no tasks",
    );
  });

  it("are refused with the file, the field and the value", async () => {
    await expect(readRecipes(join(folder, "none"))).rejects.toThrow(
      /none: the folder cannot be read/u,
    );
    const other = await mkdtemp(join(tmpdir(), "turnwise-recipes-"));
    await expect(readRecipes(other)).rejects.toThrow(
      /the folder contains no crafting recipes \(\*\.json\)$/u,
    );
    await writeFile(join(other, "a.json"), "{");
    await expect(readRecipes(other)).rejects.toThrow(/a\.json: the file is not valid JSON: /u);
    await writeFile(join(other, "a.json"), '{"type":"x:crafting_shapeless","ingredients":[]}');
    await expect(readRecipes(other)).rejects.toThrow(/a\.json: recipe: file/u);
    await rm(other, { recursive: true });
  });
});

describe("generateCraftingTasks", () => {
  const options = {
    count: 30,
    minDepth: 1,
    maxDepth: 3,
    maxIngredients: 2,
    maxCount: 3,
    maxOutput: 2,
    numDistractors: 2,
  };

  it("gives the same tasks for the same seed, none of them in both splits", () => {
    const ids = (seed: number, split: "train" | "held_out" = "train"): string[] =>
      generateCraftingTasks({ ...options, seed, split }).map(({ id }) => id);
    expect(ids(1)).toEqual(ids(1));
    const train = new Set([...ids(1), ...ids(2)]);
    expect(train.size).toBeGreaterThan(30);
    expect(ids(3, "held_out").some((id) => train.has(id))).toBe(false);
  });

  it("refuses what cannot be", () => {
    const generate = (changes: object) => () =>
      generateCraftingTasks({ ...options, seed: 1, ...changes });
    expect(generate({ maxDepth: 9 })).toThrow("generateCraftingTasks: maxDepth must be");
    expect(generate({ maxIngredients: 5 })).toThrow(
      "generateCraftingTasks: maxIngredients must be",
    );
    expect(generate({ numDistractors: 21 })).toThrow(
      "generateCraftingTasks: numDistractors must be",
    );
  });
});
