import type { Random } from "@turnwise/core";
import { recipeBook, type Ingredient, type Recipe, type RecipeBook } from "../recipe.ts";
import { itemWords } from "./item-words.ts";

/** Difficulty of generated crafting trees. */
export interface CraftingDifficulty {
  /** Minimum number of consecutive crafts for a goal, `>= 1`. */
  readonly minDepth: number;
  /** Maximum number of consecutive crafts for a goal. */
  readonly maxDepth: number;
  /** Maximum number of ingredients of a recipe, `>= 1`. */
  readonly maxIngredients: number;
  /** Maximum number of pieces of an ingredient, `>= 1`. */
  readonly maxCount: number;
  /** Maximum number of pieces that one craft produces, `>= 1`. */
  readonly maxOutput: number;
  /** Number of recipes that the goal does not need, `>= 0`. */
  readonly numDistractors: number;
}

/** Namespace of generated items. */
const namespace = "workshop";

/** Probability that an ingredient is an item that the tree already contains, if it contains any. */
const sharedShare = 0.25;

/** Maximum number of recipes in a tree; a larger tree is drawn again. */
const maxRecipes = 20;

/** A goal and the shown recipes, in random order. */
export interface CraftingTree {
  readonly book: RecipeBook;
  readonly goal: string;
  /** Number of consecutive crafts for the goal. */
  readonly depth: number;
}

/**
 * Draws a tree of recipes from the goal down to items without a recipe; every item has at most one
 * recipe.
 * @returns `undefined` if the tree became too large.
 */
export function drawTree(
  { minDepth, maxDepth, numDistractors, ...sizes }: CraftingDifficulty,
  random: Random,
): CraftingTree | undefined {
  const names = random.shuffle(itemWords);
  let numNames = 0;
  const newItem = (): string => `${namespace}:${names[numNames++]!}`;
  const upTo = (most: number): number => 1 + random.integer(most);
  const depths = new Map<string, number>();
  const recipes: Recipe[] = [];
  const craft = (depth: number): string => {
    const output = newItem();
    depths.set(output, depth);
    if (depth === 0 || recipes.length >= maxRecipes) return output;
    const ingredients: Ingredient[] = [];
    const add = (item: string): void => {
      ingredients.push({ kind: "item", id: item, count: upTo(sizes.maxCount) });
    };
    // One ingredient has the full depth; the others are mostly shallow.
    add(craft(depth - 1));
    for (let more = random.integer(sizes.maxIngredients); more > 0; more--) {
      const shared = [...depths].filter(
        ([item, one]) => one < depth && !ingredients.some(({ id }) => id === item),
      );
      const isShared = shared.length > 0 && random.next() < sharedShare;
      const below = Math.min(random.integer(depth), random.integer(depth));
      add(isShared ? random.choice(shared)[0] : craft(below));
    }
    recipes.push({
      output,
      count: upTo(sizes.maxOutput),
      ingredients: random.shuffle(ingredients),
    });
    return output;
  };
  const depth = minDepth + random.integer(maxDepth - minDepth + 1);
  const goal = craft(depth);
  if (recipes.length >= maxRecipes) return undefined;
  const inTree = [...depths.keys()];
  const distractors = Array.from({ length: numDistractors }, (): Recipe => {
    // A distractor crafts a new item from an item of the tree and possibly other new items.
    const used = [random.choice(inTree), ...(sizes.maxIngredients > 1 ? [newItem()] : [])];
    const ids = random.shuffle(used).slice(0, upTo(sizes.maxIngredients));
    const ingredients = (ids.length === 0 ? used : ids).map((id) => ({
      kind: "item" as const,
      id,
      count: upTo(sizes.maxCount),
    }));
    return { output: newItem(), count: upTo(sizes.maxOutput), ingredients };
  });
  return {
    book: recipeBook({ namespace, recipes: random.shuffle([...recipes, ...distractors]) }),
    goal,
    depth,
  };
}
