import { checkInteger } from "@turnwise/core";
import type { Recipe, RecipeBook } from "./recipe.ts";

/** Action of a plan: get `count` pieces of an item, or craft once with a recipe without groups. */
export type CraftStep =
  | { readonly kind: "get"; readonly item: string; readonly count: number }
  | { readonly kind: "craft"; readonly recipe: Recipe };

/** Numbers of pieces by item. */
type Demand = ReadonlyMap<string, number>;

/** Crafts of a plan, starting with the goal: each recipe and how often it is used. */
interface Crafts {
  readonly recipe: Recipe;
  readonly times: number;
  readonly before: Crafts | undefined;
}

/**
 * Returns the plan with the fewest actions that crafts an item, starting with an empty inventory. A
 * plan has one `get` action for each kind of item, whatever the number of pieces, and one action
 * for each craft. Branch and bound over the ways to meet the demand for one item after another,
 * from the goal down. Deterministic, also among equally short plans.
 * @returns Actions in an executable order; `undefined` if the item cannot be crafted.
 * @throws `RangeError` if the search has visited `maxNodes` partial plans.
 */
export function shortestCraftPlan(
  book: RecipeBook,
  goal: string,
  {
    maxNodes = 1_000_000,
  }: {
    /** Maximum number of visited partial plans, `>= 1`. Default 1,000,000. */
    readonly maxNodes?: number;
  } = {},
): CraftStep[] | undefined {
  checkInteger("shortestCraftPlan", { maxNodes }, { min: 1 });
  const recipesOf = itemRecipes(book);
  if (!recipesOf.has(goal)) return undefined;
  const rankOf = ranks(recipesOf);
  let best: { readonly cost: number; readonly crafts: Crafts } | undefined;
  let numNodes = 0;
  const search = (demand: Demand, numCrafts: number, crafts: Crafts | undefined): void => {
    if (++numNodes > maxNodes) {
      throw new RangeError(
        `shortestCraftPlan: found no plan for ${goal} within ${maxNodes} partial plans`,
      );
    }
    const found = [...demand.keys()].filter((item) => !recipesOf.has(item));
    const cost = numCrafts + found.length;
    // Each item that is still to be crafted needs at least one more action.
    if (best !== undefined && cost + demand.size - found.length >= best.cost) return;
    const item = highest(demand, rankOf);
    if (item === undefined) {
      if (found.length === demand.size) best = { cost, crafts: crafts! };
      return;
    }
    const rest = new Map(demand);
    rest.delete(item);
    meetDemand(recipesOf.get(item)!, demand.get(item)!, rest, numCrafts, crafts, search);
  };
  search(new Map([[goal, 1]]), 0, undefined);
  return best && orderSteps(goal, best.crafts);
}

/** Continues the search with each way to craft `count` pieces of one item. */
function meetDemand(
  recipes: readonly Recipe[],
  pieces: number,
  demand: Demand,
  numCrafts: number,
  crafts: Crafts | undefined,
  search: (demand: Demand, numCrafts: number, crafts: Crafts | undefined) => void,
): void {
  const [recipe, ...others] = recipes;
  if (pieces <= 0) return search(demand, numCrafts, crafts);
  if (recipe === undefined) return;
  const most = Math.ceil(pieces / recipe.count);
  for (let times = most; times >= (others.length === 0 ? most : 0); times--) {
    const after = new Map(demand);
    if (times > 0) {
      for (const { id, count } of recipe.ingredients) {
        after.set(id, (after.get(id) ?? 0) + count * times);
      }
    }
    const used = times > 0 ? { recipe, times, before: crafts } : crafts;
    const made = recipe.count * times;
    meetDemand(others, pieces - made, after, numCrafts + times, used, search);
  }
}

/**
 * Recipes of each item, with groups replaced by each of their items. Of recipes with the same
 * ingredients, only the first is used.
 */
function itemRecipes(book: RecipeBook): ReadonlyMap<string, readonly Recipe[]> {
  return new Map(
    Array.from(book.recipesOf, ([item, recipes]) => {
      const byIngredients = new Map<string, Recipe>();
      for (const recipe of recipes.flatMap((one) => withoutGroups(book, one))) {
        const key = recipe.ingredients
          .map(({ id, count }) => `${count} ${id}`)
          .sort()
          .join(", ");
        if (!byIngredients.has(key)) byIngredients.set(key, recipe);
      }
      return [item, [...byIngredients.values()]] as const;
    }),
  );
}

/** Replaces the groups of a recipe: one recipe for each choice of items. */
function withoutGroups(book: RecipeBook, { ingredients, ...recipe }: Recipe): Recipe[] {
  let variants: Recipe["ingredients"][] = [[]];
  for (const { kind, id, count } of ingredients) {
    const items = kind === "item" ? [id] : (book.members.get(id) ?? []);
    variants = variants.flatMap((chosen) =>
      items.map((item) => [...chosen, { kind: "item" as const, id: item, count }]),
    );
  }
  return variants.map((variant) => ({ ...recipe, ingredients: variant }));
}

/**
 * Maximum number of consecutive crafts below each item; every ingredient has a lower rank than its
 * product.
 */
function ranks(recipesOf: ReadonlyMap<string, readonly Recipe[]>): (item: string) => number {
  const known = new Map<string, number>();
  const rankOf = (item: string): number => {
    let rank = known.get(item);
    if (rank === undefined) {
      const ingredients = (recipesOf.get(item) ?? []).flatMap((recipe) => recipe.ingredients);
      rank = Math.max(-1, ...ingredients.map(({ id }) => rankOf(id))) + 1;
      known.set(item, rank);
    }
    return rank;
  };
  return rankOf;
}

/**
 * Demanded item with the highest rank above 0 (the first one of equal ranks); `undefined` if no
 * demanded item needs a craft.
 */
function highest(demand: Demand, rankOf: (item: string) => number): string | undefined {
  let first: string | undefined;
  for (const item of demand.keys()) {
    if (rankOf(item) > (first === undefined ? 0 : rankOf(first))) first = item;
  }
  return first;
}

/** Orders a plan depth first: each item is obtained or crafted just before its first use. */
function orderSteps(goal: string, crafts: Crafts): CraftStep[] {
  const used: Crafts[] = [];
  for (let one: Crafts | undefined = crafts; one; one = one.before) used.unshift(one);
  const pieces = new Map<string, number>();
  for (const { recipe, times } of used) {
    for (const { id, count } of recipe.ingredients) {
      pieces.set(id, (pieces.get(id) ?? 0) + count * times);
    }
  }
  const steps: CraftStep[] = [];
  const done = new Set<string>();
  const obtain = (item: string): void => {
    if (done.has(item)) return;
    done.add(item);
    const makers = used.filter(({ recipe }) => recipe.output === item);
    for (const { recipe, times } of makers) {
      for (const { id } of recipe.ingredients) obtain(id);
      for (let i = 0; i < times; i++) steps.push({ kind: "craft", recipe });
    }
    if (makers.length === 0) steps.push({ kind: "get", item, count: pieces.get(item)! });
  };
  obtain(goal);
  return steps;
}
