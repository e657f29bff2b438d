import type { CraftingTask } from "./crafting-task.ts";
import type { CraftReply, Inventory } from "./act.ts";
import { act } from "./act.ts";
import {
  toItemName,
  recipeCommand,
  type Ingredient,
  type Recipe,
  type RecipeBook,
} from "./recipe.ts";
import { taskText } from "./goal-recipes.ts";

/** Agent-facing texts of one format. */
export interface CraftingText {
  /** First observation. */
  first(task: CraftingTask): string;
  /** Executes an action that is written in this format. */
  act(task: CraftingTask, inventory: Inventory, action: string): CraftReply;
  /** Action that executes a recipe without groups. */
  craft(book: RecipeBook, recipe: Recipe): string;
  /** Action that gets `count` pieces of an item. */
  get(book: RecipeBook, item: string, count: number): string;
  /** Admissible actions other than craft and get. */
  readonly others: readonly string[];
}

/** Parsed action of a response with several actions, which AgentGym rejects. */
export const severalActions = "several actions";

/** TextCraft's own wording, as in AgentGym. */
export const agentgymText: CraftingText = {
  first: ({ book, goal, commands }) => taskText(commands, toItemName(book, goal)),
  act: ({ book }, inventory, action) =>
    action === severalActions
      ? {
          text: "Error: Only one 'Action' is allowed per response. Please adjust your response.",
          inventory,
          isDone: false,
        }
      : act(book, inventory, action),
  craft: recipeCommand,
  get: (book, item, count) => `get ${count} ${toItemName(book, item)}`,
  others: ["inventory"],
};

/** Short wording for small models: one word per item, and `craft` with the item's name only. */
export const compactCraftingText: CraftingText = {
  first: ({ book, goal, commands }) => {
    // Each command of the task is the command of a recipe of the book.
    const byCommand = new Map(book.recipes.map((recipe) => [recipeCommand(book, recipe), recipe]));
    const lines = commands.map((command) => {
      const { output, count, ingredients } = byCommand.get(command)!;
      return `${count} ${toWord(book, output)} = ${countWords(book, ingredients)} ;`;
    });
    return `goal ${toWord(book, goal)} ; ${lines.join(" ")}`;
  },
  act: ({ book }, inventory, action) => {
    const reply = act(book, inventory, fullAction(book, inventory, action));
    const pieces = Array.from(reply.inventory, ([id, count]) => ({ id, count }));
    return { ...reply, text: reply.isDone ? `have ${countWords(book, pieces)}` : "nothing" };
  },
  craft: (book, { output }) => `craft ${toWord(book, output)}`,
  get: (book, item, count) => `get ${count} ${toWord(book, item)}`,
  others: [],
};

/** One-word name of an item: `oakplanks` for `minecraft:oak_planks`. */
function toWord(book: RecipeBook, id: string): string {
  return toItemName(book, id).replaceAll(/[^a-z0-9]/gu, "");
}

function countWords(book: RecipeBook, pieces: readonly Pick<Ingredient, "id" | "count">[]): string {
  return pieces.map(({ id, count }) => `${count} ${toWord(book, id)}`).join(" ");
}

/**
 * Translates a short action to TextCraft's command; `craft` uses the first recipe for which the
 * inventory suffices.
 */
function fullAction(book: RecipeBook, inventory: Inventory, action: string): string {
  const [verb = "", ...rest] = action.trim().split(/\s+/u);
  const item = [...book.items].find((id) => toWord(book, id) === rest.at(-1));
  if (item === undefined) return action;
  if (verb === "get" && rest.length === 2) return `get ${rest[0]!} ${toItemName(book, item)}`;
  if (verb !== "craft" || rest.length !== 1) return action;
  const recipes = book.recipesOf.get(item) ?? [];
  const ready = recipes.flatMap((recipe) => readyRecipe(book, inventory, recipe) ?? [])[0];
  return ready === undefined ? action : recipeCommand(book, ready);
}

/**
 * Replaces each group of a recipe by an item of the inventory; `undefined` if the inventory lacks
 * an ingredient.
 */
export function readyRecipe(
  book: RecipeBook,
  inventory: Inventory,
  recipe: Recipe,
): Recipe | undefined {
  const left = new Map(inventory);
  const ingredients: Ingredient[] = [];
  for (const { kind, id, count } of recipe.ingredients) {
    const items = kind === "item" ? [id] : (book.members.get(id) ?? []);
    const item = items.find((one) => (left.get(one) ?? 0) >= count);
    if (item === undefined) return undefined;
    left.set(item, left.get(item)! - count);
    ingredients.push({ kind: "item", id: item, count });
  }
  return { ...recipe, ingredients };
}
