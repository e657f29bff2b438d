import { boundState, stateVersion, type EnvironmentState } from "@turnwise/core";
import type { Inventory } from "./act.ts";
import type { CraftingTask } from "./crafting-task.ts";
import { toItemName, type Recipe } from "./recipe.ts";

/**
 * Shows the state of a crafting task, with the item names of the agent's texts. An ingredient may
 * be the name of a group: any item of the group fits.
 * @param recipes - Recipes shown to the agent.
 */
export function renderCrafting(
  { book, goal }: CraftingTask,
  recipes: readonly Recipe[],
  inventory: Inventory,
): EnvironmentState {
  return boundState({
    kind: "crafting",
    version: stateVersion,
    goal: toItemName(book, goal),
    isSolved: inventory.has(goal),
    inventory: Array.from(inventory, ([id, count]) => ({ name: toItemName(book, id), count })),
    recipes: recipes.map(({ output, count, ingredients }) => ({
      name: toItemName(book, output),
      count,
      ingredients: ingredients.map((one) => ({ name: toItemName(book, one.id), count: one.count })),
    })),
  });
}
