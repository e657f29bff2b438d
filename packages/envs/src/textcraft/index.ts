export { act, inventoryText, type CraftReply, type Inventory } from "./act.ts";
export { craftingEnvironment, type CraftingEnvironmentOptions } from "./crafting-environment.ts";
export {
  agentgymFormat,
  compactCraftingFormat,
  compactCraftingMarkers,
} from "./crafting-formats.ts";
export { bookTasks, type BookTask, type CraftingTask } from "./crafting-task.ts";
export {
  generateCraftingTasks,
  type GenerateCraftingOptions,
} from "./generator/generate-crafting.ts";
export type { CraftingDifficulty } from "./generator/draw-tree.ts";
export { itemDepths } from "./item-depth.ts";
export { readRecipes } from "./read-recipes.ts";
export {
  recipeBook,
  recipeCommand,
  type Ingredient,
  type Recipe,
  type RecipeBook,
} from "./recipe.ts";
export { shortestCraftPlan, type CraftStep } from "./shortest-craft-plan.ts";
export {
  openTextcraftTasks,
  textcraftTasksSchema,
  type TextcraftTasks,
} from "./textcraft-tasks.ts";
