import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeText, InputError, parseRecord } from "@turnwise/core";
import * as z from "zod";
import { recipeBook, type Ingredient, type Recipe, type RecipeBook } from "./recipe.ts";

const id = z.string().regex(/^[a-z0-9_.-]+:[a-z0-9_./-]+$/u);
const ingredient = z.union([z.object({ item: id }), z.object({ tag: id })]);
const choice = z.union([ingredient, z.array(ingredient).min(1)]);
const result = z.union([id, z.object({ item: id, count: z.int().positive().optional() })]);
const shared = { group: z.string().min(1).optional(), result };

const recipeFile = z.union([
  z.object({
    ...shared,
    type: z.string().endsWith(":crafting_shaped"),
    pattern: z.array(z.string()).min(1),
    key: z.record(z.string().length(1), choice),
  }),
  z.object({
    ...shared,
    type: z.string().endsWith(":crafting_shapeless"),
    ingredients: z.array(choice).min(1),
  }),
]);

type RecipeFile = z.output<typeof recipeFile>;

/** Recipe as written in its file. */
interface StatedRecipe {
  readonly recipe: Recipe;
  readonly group: string | undefined;
}

/**
 * Reads a folder of recipe files in Minecraft's JSON format (versions 1.13 to 1.20), as TextCraft
 * does: only shaped and shapeless recipes; the first of several alternative ingredients; no recipes
 * with a single `_block` as ingredient. Items with the same `group` form the tag of that name; a
 * tag without a craftable item counts as an item. Files are read in the order of their names (in
 * TextCraft, in the file system's order), and circular recipes are omitted.
 * @throws `InputError` naming the file that cannot be read, or the folder if it contains no recipe.
 */
export async function readRecipes(folder: string): Promise<RecipeBook> {
  const names = await readdir(folder).catch((cause: Error) => {
    throw new InputError(`${folder}: the folder cannot be read: ${cause.message}`, { cause });
  });
  const stated: StatedRecipe[] = [];
  // Items of omitted recipes.
  const found: string[] = [];
  for (const name of names.filter((file) => file.endsWith(".json")).sort()) {
    const path = join(folder, name);
    const read = readRecipe(path, decodeText(await readFile(path), path));
    if (read === undefined) continue;
    if (isFromBlock(read.recipe)) found.push(read.recipe.output, read.recipe.ingredients[0]!.id);
    else stated.push(read);
  }
  const [first] = stated;
  if (first === undefined) {
    throw new InputError(`${folder}: the folder contains no crafting recipes (*.json)`);
  }
  const namespace = readNamespace(first.recipe.output);
  const groupOf = new Map(
    stated.flatMap(({ recipe: { output }, group }) => {
      const tag = `${namespace}:${group}`;
      return group === undefined || tag === output ? [] : [[output, tag] as const];
    }),
  );
  const book = recipeBook({
    namespace,
    recipes: withoutCycles(
      stated.map(({ recipe }) => recipe),
      groupOf,
    ),
    items: [...found, ...stated.map(({ recipe }) => recipe.output)],
    groupOf,
  });
  return recipeBook({
    ...book,
    recipes: book.recipes.map((recipe) => withRealGroups(book, recipe)),
  });
}

/** Reads a file; `undefined` for a recipe of another type, such as smelting. */
function readRecipe(path: string, text: string): StatedRecipe | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${path}: the file is not valid JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  const { type } = convertErrors(path, () =>
    parseRecord("recipe", "file", z.object({ type: z.string() }), value),
  );
  if (!/:crafting_shap(?:ed|eless)$/u.test(type)) return undefined;
  const file = convertErrors(path, () => parseRecord("recipe", "file", recipeFile, value));
  const { group, result: made } = file;
  return {
    group,
    recipe: {
      output: typeof made === "string" ? made : made.item,
      count: typeof made === "string" ? 1 : (made.count ?? 1),
      ingredients: listIngredients(file),
    },
  };
}

function convertErrors<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new InputError(`${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Ingredients in the order of the key, or of their first mention. */
function listIngredients(file: RecipeFile): Ingredient[] {
  if ("key" in file) {
    const drawn = Array.from(file.pattern.join(""));
    return Object.entries(file.key).map(([symbol, value]) => ({
      ...pickFirst(value),
      count: drawn.filter((one) => one === symbol).length,
    }));
  }
  const counts = new Map<string, Ingredient>();
  for (const value of file.ingredients) {
    const one = pickFirst(value);
    counts.set(one.id, { ...one, count: (counts.get(one.id)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

function pickFirst(value: z.output<typeof choice>): Omit<Ingredient, "count"> {
  const one = Array.isArray(value) ? value[0]! : value;
  return "item" in one ? { kind: "item", id: one.item } : { kind: "group", id: one.tag };
}

function isFromBlock({ ingredients }: Recipe): boolean {
  return ingredients.length === 1 && ingredients[0]!.id.endsWith("_block");
}

function readNamespace(item: string): string {
  return item.slice(0, item.indexOf(":"));
}

/** Omits each recipe that, together with the recipes before it, would be circular. */
function withoutCycles(recipes: readonly Recipe[], groupOf: ReadonlyMap<string, string>): Recipe[] {
  const kept: Recipe[] = [];
  for (const recipe of recipes) {
    const { recipesOf, members } = recipeBook({ namespace: "", recipes: kept, groupOf });
    const visited = new Set<string>();
    const leadsTo = (id: string): boolean => {
      if (id === recipe.output || members.get(id)?.includes(recipe.output) === true) return true;
      if (visited.has(id)) return false;
      visited.add(id);
      return [id, ...(members.get(id) ?? [])].some((item) =>
        (recipesOf.get(item) ?? []).some(({ ingredients }) =>
          ingredients.some((one) => leadsTo(one.id)),
        ),
      );
    };
    if (!recipe.ingredients.some((one) => leadsTo(one.id))) kept.push(recipe);
  }
  return kept;
}

/** Copies a recipe; replaces each tag without a craftable item by an item of the same name. */
function withRealGroups(book: RecipeBook, recipe: Recipe): Recipe {
  const isReal = (group: string): boolean =>
    (book.members.get(group) ?? []).some((item) => book.recipesOf.has(item));
  return {
    ...recipe,
    ingredients: recipe.ingredients.map((one) =>
      one.kind === "group" && !isReal(one.id) ? { ...one, kind: "item" } : one,
    ),
  };
}
