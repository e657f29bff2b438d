import { createRandom } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { environmentLaws } from "../laws.ts";
import {
  act,
  generateCraftingTasks,
  itemDepths,
  openTextcraftTasks,
  recipeBook,
  recipeCommand,
  shortestCraftPlan,
  textcraftTasksSchema,
  type CraftStep,
  type Inventory,
  type Recipe,
  type RecipeBook,
} from "./index.ts";

const tasks = generateCraftingTasks({
  seed: 1,
  count: 150,
  minDepth: 1,
  maxDepth: 4,
  maxIngredients: 3,
  maxCount: 4,
  maxOutput: 3,
  numDistractors: 4,
});

const commandOf = (book: RecipeBook, step: CraftStep): string =>
  step.kind === "get"
    ? `get ${step.count} ${step.item.split(":")[1]!}`
    : recipeCommand(book, step.recipe);

/** Executes a plan; expects every step to succeed. */
function play(book: RecipeBook, plan: readonly CraftStep[]): Inventory {
  let inventory: Inventory = new Map();
  for (const step of plan) {
    const reply = act(book, inventory, commandOf(book, step));
    expect(reply.isDone).toBe(true);
    inventory = reply.inventory;
  }
  return inventory;
}

describe("generated tasks", () => {
  it("have a goal of the stated depth that a plan crafts, with every recipe shown", () => {
    for (const { book, goal, kind, commands } of tasks) {
      expect(play(book, shortestCraftPlan(book, goal)!).get(goal)).toBeGreaterThan(0);
      expect(`depth-${itemDepths(book)(goal)}`).toBe(kind);
      expect(commands).toHaveLength(book.recipes.length);
    }
  });
});

/**
 * Books of up to five items, each with up to two recipes that use later items; the first two items
 * are a group.
 */
const smallBook = fc
  .array(
    fc.record({
      output: fc.integer({ min: 0, max: 3 }),
      count: fc.integer({ min: 1, max: 2 }),
      ingredients: fc.uniqueArray(
        fc.record({
          offset: fc.integer({ min: 1, max: 4 }),
          count: fc.integer({ min: 1, max: 2 }),
        }),
        { selector: ({ offset }) => offset, minLength: 1, maxLength: 2 },
      ),
      usesGroup: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((drawn) => {
    const id = (i: number): string => `x:${"abcde"[i]!}`;
    const recipes = drawn.map(({ output, count, ingredients, usesGroup }): Recipe => {
      const items = ingredients.map((one) => ({
        kind: "item" as const,
        id: id(Math.min(4, output + one.offset)),
        count: one.count,
      }));
      const distinct = items.filter((one, i) => items.findIndex((two) => two.id === one.id) === i);
      // Item a may use any of group g, which are b and c.
      const group = { kind: "group" as const, id: "x:g", count: 1 };
      const isGrouped = usesGroup && output === 0;
      return { output: id(output), count, ingredients: isGrouped ? [group] : distinct };
    });
    return recipeBook({
      namespace: "x",
      recipes,
      items: ["a", "b", "c", "d", "e"].map((name) => `x:${name}`),
      groupOf: new Map([
        ["x:b", "x:g"],
        ["x:c", "x:g"],
      ]),
    });
  });

/**
 * Minimum number of actions that craft a goal, by breadth-first search over inventories, up to
 * `limit`.
 */
function bruteForce(book: RecipeBook, goal: string, limit: number): number | undefined {
  const found = [...book.items].filter((item) => !book.recipesOf.has(item));
  // None of these goals can use more than twelve pieces of an item.
  const gets = found.map((item) => `get 12 ${item.slice(2)}`);
  const crafts = book.recipes.flatMap((recipe) => {
    const [first] = recipe.ingredients;
    const variants =
      first!.kind === "item"
        ? [recipe]
        : ["x:b", "x:c"].map((item) => ({
            ...recipe,
            ingredients: [{ kind: "item" as const, id: item, count: 1 }],
          }));
    return variants.map((variant) => recipeCommand(book, variant));
  });
  let frontier: Inventory[] = [new Map()];
  const seen = new Set<string>();
  for (let depth = 1; depth <= limit && frontier.length > 0; depth++) {
    const next: Inventory[] = [];
    for (const inventory of frontier) {
      for (const action of [...gets, ...crafts]) {
        const reply = act(book, inventory, action);
        if (!reply.isDone) continue;
        if (reply.gained === goal) return depth;
        const key = Array.from(reply.inventory, String).sort().join(";");
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(reply.inventory);
      }
    }
    frontier = next;
  }
  return undefined;
}

it("plans as short as a plain search over inventories finds", () => {
  fc.assert(
    fc.property(smallBook, (book) => {
      // Items without a recipe are obtained with `get`, never crafted.
      fc.pre(book.recipesOf.has("x:a"));
      const plan = shortestCraftPlan(book, "x:a");
      expect(plan === undefined || play(book, plan).has("x:a")).toBe(true);
      const limit = Math.min(plan?.length ?? 4, 7);
      const expected = bruteForce(book, "x:a", limit);
      expect(plan !== undefined && plan.length <= limit ? plan.length : undefined).toBe(expected);
    }),
    { numRuns: 150 },
  );
});

it("conserves pieces: a craft takes its ingredients and adds its output, a failure changes nothing", () => {
  const pieces = (inventory: Inventory): number =>
    [...inventory.values()].reduce((sum, count) => sum + count, 0);
  fc.assert(
    fc.property(fc.constantFrom(...tasks), fc.array(fc.nat(), { maxLength: 12 }), (task, draws) => {
      const { book } = task;
      const plan = shortestCraftPlan(book, task.goal)!.map((step) => commandOf(book, step));
      const actions = [...plan, ...task.commands, "inventory", "look"];
      let inventory: Inventory = new Map();
      for (const draw of draws) {
        const action = actions[draw % actions.length]!;
        const reply = act(book, inventory, action);
        expect([...reply.inventory.values()].every((count) => count > 0)).toBe(true);
        const recipe = book.recipes.find((one) => recipeCommand(book, one) === action);
        const used = (recipe?.ingredients ?? []).reduce((sum, { count }) => sum + count, 0);
        const found = Number(/^get (\d+) /u.exec(action)?.[1] ?? 0);
        const change = reply.isDone ? found + (recipe?.count ?? 0) - used : 0;
        expect(pieces(reply.inventory)).toBe(pieces(inventory) + change);
        expect(reply.isDone || reply.inventory === inventory).toBe(true);
        inventory = reply.inventory;
      }
    }),
  );
});

const settings = {
  environment: "textcraft",
  minDepth: 1,
  maxDepth: 3,
  maxIngredients: 2,
  maxCount: 3,
  maxOutput: 2,
  numDistractors: 2,
  numTraining: 20,
  evaluation: [{ split: "held_out", numTasks: 5 }],
};

describe.each(["compact", "agentgym"])("tasks in format %s", async (format) => {
  const source = await openTextcraftTasks(
    textcraftTasksSchema.parse({ ...settings, format }),
    { maxTurns: 30, successReward: 10 },
    1,
  );
  for (const { name, check } of environmentLaws(source)) it(`law of ${name}`, check);

  it("are demonstrated with success, no-ops included", async () => {
    const demonstrations = await source.demonstrator!.demonstrate(
      source.training,
      0.2,
      createRandom(1),
    );
    expect(demonstrations.every(({ isSuccess }) => isSuccess)).toBe(true);
    for (const { response, action } of demonstrations.flatMap(({ turns }) => turns)) {
      expect(source.format.parse(response, { text: "" })).toEqual({ action, isValid: true });
    }
  });
});
