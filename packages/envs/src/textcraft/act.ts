import { pythonRepr } from "../python/python-text.ts";
import { toItemId, toItemName, type Ingredient, type Recipe, type RecipeBook } from "./recipe.ts";

/** Pieces of each item that the agent has, in the order in which the items were first taken. */
export type Inventory = ReadonlyMap<string, number>;

/** Reply to an action. */
export interface CraftReply {
  readonly text: string;
  readonly inventory: Inventory;
  /** Item that the action crafted or found. */
  readonly gained?: string;
  /** False if the action was rejected. */
  readonly isDone: boolean;
}

/** An item or group, as written in an action. */
interface Named {
  readonly isGroup: boolean;
  readonly id: string;
}

interface NamedCount extends Named {
  readonly count: number;
}

/** Reason why an action is rejected, in the words that the agent reads. */
class Refusal extends Error {}

/**
 * Executes an action with TextCraft's rules and wording: `craft N ITEM using N ITEM, ...`, `get N
 * ITEM`, `inventory`. A craft action must state the ingredients of a recipe with their exact
 * numbers; the stated number of products does not matter. `get` works only for items without a
 * recipe. Unlike TextCraft, rejects numbers of more than 15 digits.
 * @see github.com/archiki/ADaPT, github.com/WooooDyy/AgentGym (MIT), arXiv:2311.05772
 */
export function act(book: RecipeBook, inventory: Inventory, action: string): CraftReply {
  try {
    const craft = /^craft (.*) using (.*)/u.exec(action);
    if (craft) return craftItem(book, inventory, craft[1]!, craft[2]!);
    const get = /^get ([0-9]{1,15}) (.*)/u.exec(action);
    if (get) return findItem(book, inventory, Number(get[1]), get[2]!);
    if (action.startsWith("inventory")) {
      return { text: inventoryText(book, inventory), inventory, isDone: true };
    }
    throw new Refusal(`Could not execute ${action}`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { text: error.message, inventory, isDone: false };
  }
}

/** Formats the inventory in TextCraft's wording. */
export function inventoryText(book: RecipeBook, inventory: Inventory): string {
  const parts = Array.from(inventory, ([item, count]) => `[${toItemName(book, item)}] (${count}) `);
  return `Inventory: ${parts.length === 0 ? "You are not carrying anything." : parts.join("")}`;
}

function craftItem(
  book: RecipeBook,
  inventory: Inventory,
  outputText: string,
  inputText: string,
): CraftReply {
  const counted = readCount(outputText);
  const output = { ...findNamed(book, counted?.text ?? outputText), count: counted?.count ?? 1 };
  const inputs = inputText.split(",").map((part): NamedCount => {
    const input = readCount(part.trim());
    if (input === undefined) throw new Refusal(`Wrong item format: ${part.trim()}`);
    return { ...findNamed(book, input.text), count: input.count };
  });
  const hasAll = inputs.every(
    ({ isGroup, id, count }) => !isGroup && (inventory.get(id) ?? -1) >= count,
  );
  if (!hasAll) {
    throw new Refusal(
      `Could not find enough items to craft ${output.isGroup ? "None" : output.id}`,
    );
  }
  const recipes = output.isGroup ? [] : (book.recipesOf.get(output.id) ?? []);
  const recipe = recipes.find(({ ingredients }) => isMade(book, ingredients, inputs));
  if (recipe === undefined) {
    throw new Refusal(`Could not find a valid recipe for ${itemRepr(output)}`);
  }
  return {
    text: `Crafted ${recipe.count} ${recipe.output}`,
    inventory: carriedOut(inventory, inputs, recipe),
    gained: recipe.output,
    isDone: true,
  };
}

/** True if the inputs are exactly a recipe's ingredients, with the same numbers. */
function isMade(
  book: RecipeBook,
  ingredients: readonly Ingredient[],
  inputs: readonly NamedCount[],
): boolean {
  const left = [...inputs];
  for (const { kind, id, count } of ingredients) {
    const position = left.findIndex((input) =>
      kind === "item" ? input.id === id : book.groupOf.get(input.id) === id,
    );
    if (left[position]?.count !== count) return false;
    left.splice(position, 1);
  }
  return left.length === 0;
}

/** Inventory after a craft. */
function carriedOut(
  inventory: Inventory,
  inputs: readonly NamedCount[],
  { output, count }: Recipe,
): Inventory {
  const after = new Map(inventory);
  for (const { id, count: used } of inputs) {
    const rest = after.get(id)! - used;
    if (rest === 0) after.delete(id);
    else after.set(id, rest);
  }
  return after.set(output, (after.get(output) ?? 0) + count);
}

function findItem(book: RecipeBook, inventory: Inventory, count: number, text: string): CraftReply {
  const { isGroup, id } = findNamed(book, text);
  if (isGroup || book.recipesOf.has(id) || !book.items.has(id)) {
    throw new Refusal(`Could not find ${text}`);
  }
  return {
    text: `Got ${count} ${text}`,
    inventory: new Map(inventory).set(id, (inventory.get(id) ?? 0) + count),
    gained: id,
    isDone: true,
  };
}

function readCount(text: string): { readonly count: number; readonly text: string } | undefined {
  const match = /^([0-9]{1,15}) (.*)/u.exec(text);
  return match === null ? undefined : { count: Number(match[1]), text: match[2]! };
}

function findNamed(book: RecipeBook, text: string): Named {
  const id = toItemId(book, text);
  return { isGroup: book.members.has(id), id };
}

/** Python's `repr` of TextCraft's item object, which appears in the observation. */
function itemRepr({ isGroup, id, count }: NamedCount): string {
  const [tag, item] = isGroup ? [pythonRepr(id), "None"] : ["None", pythonRepr(id)];
  return `ItemTagWithCount(item_tag=ItemTag(tag=${tag}, item_id=${item}), count=${count})`;
}
