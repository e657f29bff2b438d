import type { RecipeBook } from "./recipe.ts";

/**
 * Returns a function that computes the depth of an item or group: 0 without a recipe, otherwise one
 * more than the deepest ingredient of the shallowest recipe. Recipes must not be circular.
 */
export function itemDepths(book: RecipeBook): (id: string) => number {
  const known = new Map<string, number>();
  const depthOf = (id: string): number => {
    let depth = known.get(id);
    if (depth === undefined) {
      const makers = [id, ...(book.members.get(id) ?? [])];
      const recipes = makers.flatMap((item) => book.recipesOf.get(item) ?? []);
      const depths = recipes.map(
        ({ ingredients }) => 1 + Math.max(...ingredients.map((one) => depthOf(one.id))),
      );
      depth = depths.length === 0 ? 0 : Math.min(...depths);
      known.set(id, depth);
    }
    return depth;
  };
  return depthOf;
}
