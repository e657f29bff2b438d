import type { Catalogue } from "../catalogue/catalogue.ts";
import { CatalogueError } from "../catalogue/catalogue-error.ts";
import { keepChoosableOptions } from "../catalogue/choosable-options.ts";
import type { Product } from "../catalogue/product.ts";
import { comparePythonTexts } from "../../python/python-text.ts";
import type { PythonRandom } from "../python/python-random.ts";
import type { Goal, GoalOptions } from "./goal.ts";

/** Price limit of goals without a stated limit, dollars. */
export const noLimit = 1_000_000;

/**
 * Maximum number of synthetic goals of one product, and of a catalogue; each takes 20 bytes during
 * creation.
 */
const maxVariants = 1_000_000;
const maxGoals = 100_000_000;

/** Source of a goal's sentence. */
export type GoalKind = "synthetic" | "human";

/**
 * All goals of a catalogue, in order. Stores millions of goals compactly: three numbers per goal;
 * the text is generated on demand.
 */
export class GoalTable {
  readonly kind: GoalKind;
  readonly #source: GoalSource;
  /** Product of each goal, its option combination or instruction, and its price limit. */
  readonly #products: Uint32Array;
  readonly #variants: Uint32Array;
  readonly #limits: Float64Array;
  readonly #order: Uint32Array;

  /** Use {@link createGoals}. */
  constructor(
    kind: GoalKind,
    source: GoalSource,
    columns: {
      readonly products: Uint32Array;
      readonly variants: Uint32Array;
      readonly limits: Float64Array;
      readonly order: Uint32Array;
    },
  ) {
    this.kind = kind;
    this.#source = source;
    this.#products = columns.products;
    this.#variants = columns.variants;
    this.#limits = columns.limits;
    this.#order = columns.order;
  }

  get size(): number {
    return this.#order.length;
  }

  /** Position of a goal's product in the catalogue. */
  productOf(index: number): number {
    return this.#products[this.#row(index)]!;
  }

  /** Goal by its index, in [0, size). */
  goal(index: number): Goal {
    const row = this.#row(index);
    const product = this.#source.product(this.#products[row]!);
    const variant = this.#variants[row]!;
    const priceUpper = this.#limits[row]!;
    const priceText =
      priceUpper === noLimit ? "" : `, and price lower than ${priceUpper.toFixed(2)} dollars`;
    const common = {
      asin: product.asin,
      category: product.category,
      query: product.query,
      name: product.title,
      productCategory: product.productCategory,
      priceUpper,
    };
    if (this.kind === "human") {
      const { text, attributes, options } = product.humanInstructions![variant]!;
      return {
        ...common,
        instructionText: text.replaceAll(/^\.+|(?<!\.)\.+$/gu, "") + priceText,
        attributes,
        options: { kind: "values", values: options },
        weight: 1,
      };
    }
    const { text, attributes } = product.instruction!;
    const options = combination(product, variant);
    const optionText = options.entries.map(([name, value]) => `${name}: ${value}`).join(", and ");
    return {
      ...common,
      instructionText: text + (optionText === "" ? "" : ` with ${optionText}`) + priceText,
      attributes,
      options,
      weight: this.weight(index),
    };
  }

  /** Relative weight of a goal in random draws: goals with rare attributes have more. */
  weight(index: number): number {
    if (this.kind === "human") return 1;
    return this.#source.weights[this.#products[this.#row(index)]!]!;
  }

  #row(index: number): number {
    const row = this.#order[index];
    if (row !== undefined) return row;
    throw new RangeError(
      `GoalTable: index must be an integer in [0, ${this.size - 1}], got ${index}`,
    );
  }
}

/** Data that goals are generated from. */
interface GoalSource {
  /** Product with the options that its goals may ask for. */
  product(position: number): Product;
  readonly weights: Float64Array;
}

/** Options of the `variant`-th combination: names in order, the last one varies fastest. */
function combination(product: Product, variant: number): Extract<GoalOptions, { kind: "named" }> {
  const groups = product.options.toSorted((a, b) => comparePythonTexts(a.name, b.name));
  const entries: [string, string][] = [];
  let rest = variant;
  for (const { name, values } of groups.reverse()) {
    entries.push([name, values[rest % values.length]!]);
    rest = Math.floor(rest / values.length);
  }
  return { kind: "named", entries: entries.reverse() };
}

/**
 * Draws a price limit above a price: of the next four multiples of ten, draws two and returns the
 * larger one.
 */
function drawLimit(price: number, random: PythonRandom): number {
  let first = 1;
  while (first < 100 && 10 * first <= price) first += 1;
  const count = Math.min(4, 99 - first + 1);
  if (count < 2) return noLimit;
  return 10 * (first + Math.max(...random.sample(count, 2)));
}

/**
 * Creates the goals of a catalogue in WebShop's order before its shuffle: product by product,
 * drawing one price limit per product (synthetic) or per instruction (human).
 *
 * @param prices - Price of each product, see `drawPrices`.
 * @param rule - `"reference"` also asks for option values of white space only, which no page shows.
 * @throws `CatalogueError` that names the product if its options have too many combinations.
 */
export function createGoals(
  kind: GoalKind,
  catalogue: Catalogue,
  prices: Float64Array,
  random: PythonRandom,
  rule: "reference" | "repaired",
): { readonly table: (order: Uint32Array) => GoalTable; readonly size: number } {
  const { human, synthetic } = catalogue.goalFacts;
  const { numVariants, weights } = synthetic[rule];
  if (kind === "synthetic") checkVariants(numVariants, catalogue);
  const source: GoalSource = {
    product: (position) => {
      const product = catalogue.product(position);
      return rule === "reference" ? product : keepChoosableOptions(product);
    },
    weights,
  };
  let size = 0;
  for (let position = 0; position < catalogue.size; position++) {
    size += kind === "human" ? (human.get(position)?.length ?? 0) : numVariants[position]!;
  }
  const products = new Uint32Array(size);
  const variants = new Uint32Array(size);
  const limits = new Float64Array(size);
  let row = 0;
  const add = (product: number, variant: number, limit: number): void => {
    products[row] = product;
    variants[row] = variant;
    limits[row++] = limit;
  };
  for (let position = 0; position < catalogue.size; position++) {
    if (kind === "human") {
      for (const i of human.get(position) ?? []) {
        add(position, i, drawLimit(prices[position]!, random));
      }
      continue;
    }
    // An option without values gives no goal, but its price limit is still drawn.
    if (weights[position] === 0) continue;
    const limit = drawLimit(prices[position]!, random);
    for (let variant = 0; variant < numVariants[position]!; variant++) {
      add(position, variant, limit);
    }
  }
  return {
    size,
    table: (order) => new GoalTable(kind, source, { products, variants, limits, order }),
  };
}

/** Rejects options with too many combinations before allocating memory for them. */
function checkVariants(numVariants: Float64Array, catalogue: Catalogue): void {
  let total = 0;
  let largest = 0;
  for (const [position, count] of numVariants.entries()) {
    total += count;
    if (count > numVariants[largest]!) largest = position;
  }
  const count = numVariants[largest] ?? 0;
  if (count <= maxVariants && total <= maxGoals) return;
  const { asin, options } = catalogue.product(largest);
  const sizes = options.map(({ values }) => values.length).join(" x ");
  throw new CatalogueError(
    count > maxVariants
      ? `product ${asin}: options must have at most ${maxVariants} combinations for synthetic goals, got ${count} (${sizes}); remove the product or some of its options, or use human goals`
      : `catalogue: number of synthetic goals must be at most ${maxGoals}, got ${total}, most of them (${count}) from product ${asin}; use fewer products, or human goals`,
  );
}
