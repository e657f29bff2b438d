import type { Random } from "@turnwise/core";
import { recipeCommand, type Recipe, type RecipeBook } from "./recipe.ts";

/**
 * Recipes that can contribute to a goal: its own recipes, the recipes of its ingredients, and so
 * on.
 */
export function findTree(book: RecipeBook, goal: string): Recipe[] {
  const tree = new Set<Recipe>();
  const visited = new Set<string>();
  const visit = (id: string): void => {
    if (visited.has(id)) return;
    visited.add(id);
    const recipes = [id, ...(book.members.get(id) ?? [])].flatMap(
      (item) => book.recipesOf.get(item) ?? [],
    );
    for (const recipe of recipes) {
      tree.add(recipe);
      for (const ingredient of recipe.ingredients) visit(ingredient.id);
    }
  };
  visit(goal);
  return [...tree];
}

/**
 * Commands that a task shows, chosen as TextCraft does: every recipe that can contribute to the
 * goal, and distractors that use the same ingredients, in random order.
 * @param numDistractors - Maximum number of distractors. TextCraft: 10.
 */
export function shownCommands(
  book: RecipeBook,
  goal: string,
  numDistractors: number,
  random: Random,
): string[] {
  const tree = findTree(book, goal);
  const ids = new Set(tree.flatMap(({ ingredients }) => ingredients.map(({ id }) => id)));
  const needed = new Set(tree.map((recipe) => recipeCommand(book, recipe)));
  const others = book.recipes
    .filter(({ ingredients }) => ingredients.some(({ id }) => ids.has(id)))
    .map((recipe) => recipeCommand(book, recipe))
    .filter((command) => !needed.has(command));
  const distractors = random.shuffle([...new Set(others)]).slice(0, numDistractors);
  return random.shuffle([...needed, ...distractors]);
}

/** First observation of an episode, in TextCraft's wording. */
export function taskText(commands: readonly string[], goalName: string): string {
  return `Crafting commands:\n${commands.join("\n")}\n\nGoal: craft ${goalName}.`;
}
