import { checkInteger } from "@turnwise/core";
import { drawDistinct } from "../../generated/draw-distinct.ts";
import type { GeneratedSplit } from "../../generated/fingerprint.ts";
import { toItemName, recipeCommand } from "../recipe.ts";
import type { CraftingTask } from "../crafting-task.ts";
import { drawTree, type CraftingDifficulty } from "./draw-tree.ts";

/** Options of {@link generateCraftingTasks}. */
export interface GenerateCraftingOptions extends CraftingDifficulty {
  readonly seed: number | string;
  /** Number of tasks, `>= 0`. */
  readonly count: number;
  /** Default `"train"`. */
  readonly split?: GeneratedSplit;
}

/**
 * Generates crafting tasks, each with recipes of its own under names that mean nothing: whatever an agent
 * needs to know is in the task. Every goal can be crafted. No two tasks have the same recipes and goal,
 * within a split or between splits.
 * @throws `RangeError` for a bad option, or if there are fewer such tasks than `count`.
 */
export function generateCraftingTasks({
  seed,
  count,
  split = "train",
  ...difficulty
}: GenerateCraftingOptions): CraftingTask[] {
  const where = "generateCraftingTasks";
  const { minDepth, maxDepth, maxIngredients, maxCount, maxOutput, numDistractors } = difficulty;
  checkInteger(where, { minDepth, maxCount, maxOutput }, { min: 1 });
  checkInteger(where, { maxDepth }, { min: minDepth, max: 8 });
  checkInteger(where, { maxIngredients }, { min: 1, max: 4 });
  checkInteger(where, { numDistractors }, { min: 0, max: 20 });
  const drawn = drawDistinct(where, {
    seed,
    split,
    count,
    draw: (random) => drawTree(difficulty, random),
    contentOf: ({ book, goal }) =>
      [...book.recipes.map((recipe) => recipeCommand(book, recipe)).sort(), goal].join("\n"),
  });
  return drawn.map(({ value: { book, goal, depth }, fingerprint }) => ({
    id: `${toItemName(book, goal)}-${fingerprint.slice(0, 16)}`,
    kind: `depth-${depth}`,
    book,
    goal,
    commands: book.recipes.map((recipe) => recipeCommand(book, recipe)),
  }));
}
