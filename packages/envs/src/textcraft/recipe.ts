/** Ingredient of a recipe: one item, or any item of a group. */
export interface Ingredient {
  readonly kind: "item" | "group";
  /** Item or group: `minecraft:stick`, `minecraft:planks`. */
  readonly id: string;
  /** Number of pieces, `>= 1`; all pieces must be the same item. */
  readonly count: number;
}

/** Way to craft an item. */
export interface Recipe {
  /** Item that is crafted. */
  readonly output: string;
  /** Number of pieces that one craft produces, `>= 1`. */
  readonly count: number;
  readonly ingredients: readonly Ingredient[];
}

/** Recipes of a world. */
export interface RecipeBook {
  /** Prefix of every id: `minecraft`. */
  readonly namespace: string;
  readonly recipes: readonly Recipe[];
  /** All items. Items without a recipe are obtained with `get`. */
  readonly items: ReadonlySet<string>;
  /** Group of each item that belongs to a group. */
  readonly groupOf: ReadonlyMap<string, string>;
  /** Items of each group, in the order of `groupOf`. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** Recipes of each item that can be crafted. */
  readonly recipesOf: ReadonlyMap<string, readonly Recipe[]>;
}

/** Creates a recipe book. */
export function recipeBook({
  namespace,
  recipes,
  items = [],
  groupOf = new Map(),
}: Pick<RecipeBook, "namespace" | "recipes"> & {
  /** Items in addition to the items of the recipes. Default: none. */
  readonly items?: Iterable<string>;
  /** Group of an item. Default: no groups. */
  readonly groupOf?: ReadonlyMap<string, string>;
}): RecipeBook {
  const used = recipes.flatMap(({ output, ingredients }) => [
    output,
    ...ingredients.flatMap(({ kind, id }) => (kind === "item" ? [id] : [])),
  ]);
  return {
    namespace,
    recipes,
    items: new Set([...used, ...items]),
    groupOf,
    members: groupByKey([...groupOf].map(([item, group]) => [group, item])),
    recipesOf: groupByKey(recipes.map((recipe) => [recipe.output, recipe])),
  };
}

function groupByKey<T>(entries: readonly (readonly [string, T])[]): Map<string, T[]> {
  const lists = new Map<string, T[]>();
  for (const [key, value] of entries) {
    const list = lists.get(key);
    if (list) list.push(value);
    else lists.set(key, [value]);
  }
  return lists;
}

/** Id of an item or group from its name in texts: `minecraft:oak_planks` for `oak planks`. */
export function toItemId({ namespace }: Pick<RecipeBook, "namespace">, name: string): string {
  return `${namespace}:${name.replaceAll(" ", "_")}`;
}

/** Name of an item or group in texts: `oak planks` for `minecraft:oak_planks`. */
export function toItemName({ namespace }: Pick<RecipeBook, "namespace">, id: string): string {
  return id.replaceAll(`${namespace}:`, "").replaceAll("_", " ");
}

/** Formats a recipe as a command: `craft 4 stick using 2 planks`. */
export function recipeCommand(
  book: Pick<RecipeBook, "namespace">,
  { output, count, ingredients }: Recipe,
): string {
  const parts = ingredients.map((one) => `${one.count} ${toItemName(book, one.id)}`);
  return `craft ${count} ${toItemName(book, output)} using ${parts.join(", ")}`;
}
