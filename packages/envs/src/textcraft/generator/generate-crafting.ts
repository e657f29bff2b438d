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
  /** Split of the generated tasks. Default `"train"`. */
  readonly split?: GeneratedSplit;
}

/**
 * Generates crafting tasks. Each task has its own recipes and meaningless item names, so that an
 * agent needs no knowledge from outside the task. Every goal can be crafted. No two tasks have the
 * same recipes and goal, within a split or between splits.
 * @throws `RangeError` for an invalid option, or if fewer than `count` different tasks exist.
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
