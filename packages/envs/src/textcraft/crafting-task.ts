import type { Random, Task } from "@turnwise/core";
import { computeFingerprint } from "../generated/fingerprint.ts";
import { shownCommands } from "./goal-recipes.ts";
import { itemDepths } from "./item-depth.ts";
import { toItemName, type RecipeBook } from "./recipe.ts";

/** An item to craft, and the recipes that the agent is shown. */
export interface CraftingTask extends Task {
  readonly book: RecipeBook;
  /** Item to craft. */
  readonly goal: string;
  /** Recipes as commands, in the order in which they are shown. */
  readonly commands: readonly string[];
}

/** A crafting task and the hash that decides its split. */
export interface BookTask {
  readonly task: CraftingTask;
  readonly fingerprint: string;
}

/**
 * Creates a task for each item of a book with a depth of `minDepth` to `maxDepth` crafts, sorted by
 * name.
 * @param numDistractors - Maximum number of shown recipes that the goal does not need. TextCraft:
 *   10.
 * @param random - Chooses and orders the recipes of each task.
 */
export function bookTasks(
  book: RecipeBook,
  {
    minDepth,
    maxDepth,
    numDistractors,
  }: { readonly minDepth: number; readonly maxDepth: number; readonly numDistractors: number },
  random: Random,
): BookTask[] {
  const depthOf = itemDepths(book);
  return [...book.recipesOf.keys()].sort().flatMap((goal) => {
    const depth = depthOf(goal);
    if (depth < minDepth || depth > maxDepth) return [];
    const commands = shownCommands(book, goal, numDistractors, random.fork(goal));
    const task = { id: toItemName(book, goal), kind: `depth-${depth}`, book, goal, commands };
    return [{ task, fingerprint: computeFingerprint(goal) }];
  });
}
