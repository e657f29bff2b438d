import type { Environment, Observation, StepResult } from "../environment.ts";
import {
  agentgymText,
  compactCraftingText,
  readyRecipe,
  type CraftingText,
} from "./crafting-text.ts";
import type { CraftingTask } from "./crafting-task.ts";
import type { Inventory } from "./act.ts";
import { renderCrafting } from "./render-crafting.ts";
import { recipeCommand } from "./recipe.ts";

/** Agent-facing texts by format. */
export const craftingTexts: Readonly<Record<"compact" | "agentgym", CraftingText>> = {
  compact: compactCraftingText,
  agentgym: agentgymText,
};

/** Options of {@link craftingEnvironment}. */
export interface CraftingEnvironmentOptions {
  /** Wording of observations and actions. Default `"agentgym"`, TextCraft's wording. */
  readonly text?: "compact" | "agentgym";
  /** Reward of the action that crafts the goal, `>= 0`. Default 1, as in TextCraft. */
  readonly successReward?: number;
}

/**
 * Environment of a crafting task. The episode ends when the goal is crafted. Admissible actions are
 * the crafts that the inventory allows, and `get` actions for the items and numbers in the shown
 * recipes; `get` also accepts other numbers.
 */
export function craftingEnvironment(
  task: CraftingTask,
  { text: format = "agentgym", successReward = 1 }: CraftingEnvironmentOptions = {},
): Environment {
  const { book, goal } = task;
  const text = craftingTexts[format];
  const shown = new Set(task.commands);
  const recipes = book.recipes.filter((recipe) => shown.has(recipeCommand(book, recipe)));
  const found = recipes
    .flatMap(({ ingredients }) => ingredients)
    .filter(({ kind, id }) => kind === "item" && !book.recipesOf.has(id));
  const gets = found.map(({ id, count }) => text.get(book, id, count));
  let inventory: Inventory = new Map();
  const admissibleActions = (): string[] => {
    const crafts = recipes.flatMap((recipe) => readyRecipe(book, inventory, recipe) ?? []);
    return [
      ...new Set([...crafts.map((recipe) => text.craft(book, recipe)), ...gets, ...text.others]),
    ];
  };
  return {
    reset: async (): Promise<Observation> => ({
      text: text.first(task),
      admissibleActions: admissibleActions(),
    }),
    step: async (action): Promise<StepResult> => {
      const reply = text.act(task, inventory, action);
      inventory = reply.inventory;
      const isSuccess = reply.gained === goal;
      return {
        text: reply.text,
        admissibleActions: isSuccess ? [] : admissibleActions(),
        reward: isSuccess ? successReward : 0,
        isTerminal: isSuccess,
        isSuccess,
      };
    },
    render: async () => renderCrafting(task, recipes, inventory),
    close: async () => undefined,
  };
}
