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

/** Texts of one format that an agent reads and writes. */
export interface CraftingText {
  /** First observation. */
  first(task: CraftingTask): string;
  /** Carries out an action in this format's words. */
  act(task: CraftingTask, inventory: Inventory, action: string): CraftReply;
  /** Action that carries out a recipe with items alone. */
  craft(book: RecipeBook, recipe: Recipe): string;
  /** Action that finds so many pieces of an item. */
  get(book: RecipeBook, item: string, count: number): string;
  /** Actions beyond crafting and finding. */
  readonly others: readonly string[];
}

/** Action that stands for a response with several actions, which AgentGym rejects. */
export const severalActions = "several actions";

/** TextCraft's own words, as AgentGym serves them. */
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

/** Few words, for small models: every item is one word, and a craft names nothing but its item. */
export const compactCraftingText: CraftingText = {
  first: ({ book, goal, commands }) => {
    // The commands are those of recipes, in an order of their own.
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

/** An item as one word: `oakplanks` of `minecraft:oak_planks`. */
function toWord(book: RecipeBook, id: string): string {
  return toItemName(book, id).replaceAll(/[^a-z0-9]/gu, "");
}

function countWords(book: RecipeBook, pieces: readonly Pick<Ingredient, "id" | "count">[]): string {
  return pieces.map(({ id, count }) => `${count} ${toWord(book, id)}`).join(" ");
}

/** An action in few words as TextCraft's command; a craft takes the first recipe that can be carried out. */
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
 * A recipe with an item of the inventory for each ingredient; `undefined` if the inventory has too
 * little of an ingredient.
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
