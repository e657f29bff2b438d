import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Product } from "../catalogue/product.ts";
import { comparePythonTexts } from "../python/python-text.ts";
import type { PythonRandom } from "../python/python-random.ts";
import type { Goal, GoalOptions } from "./goal.ts";

/** The price limit of goals that name none. */
const noLimit = 1_000_000;

/** Whose sentences the goals are. */
export type GoalKind = "synthetic" | "human";

/**
 * All goals of a catalogue, in order. Millions of them fit: a goal is kept as three numbers and
 * written out when it is asked for.
 */
export class GoalTable {
  readonly kind: GoalKind;
  readonly #catalogue: Catalogue;
  /** The product of each goal, its combination of options or its instruction, its price limit. */
  readonly #products: Uint32Array;
  readonly #variants: Uint32Array;
  readonly #limits: Float64Array;
  readonly #order: Uint32Array;

  /** Use {@link createGoals}. */
  constructor(
    kind: GoalKind,
    catalogue: Catalogue,
    columns: {
      readonly products: Uint32Array;
      readonly variants: Uint32Array;
      readonly limits: Float64Array;
      readonly order: Uint32Array;
    },
  ) {
    this.kind = kind;
    this.#catalogue = catalogue;
    this.#products = columns.products;
    this.#variants = columns.variants;
    this.#limits = columns.limits;
    this.#order = columns.order;
  }

  get size(): number {
    return this.#order.length;
  }

  /** The place of a goal's product in the catalogue. */
  productOf(index: number): number {
    return this.#products[this.#row(index)]!;
  }

  /** A goal by its index, in [0, size). */
  goal(index: number): Goal {
    const row = this.#row(index);
    const product = this.#catalogue.product(this.#products[row]!);
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
        instructionText: text.replaceAll(/^\.+|\.+$/gu, "") + priceText,
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

  /** How often a goal is drawn relative to others: rare attributes count more. */
  weight(index: number): number {
    if (this.kind === "human") return 1;
    return this.#catalogue.goalFacts.weights[this.#products[this.#row(index)]!]!;
  }

  #row(index: number): number {
    const row = this.#order[index];
    if (row !== undefined) return row;
    throw new RangeError(
      `GoalTable: index must be a whole number in [0, ${this.size - 1}], got ${index}`,
    );
  }
}

/** The options of the `variant`-th combination: names in order, the last varying fastest. */
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

/** A price limit above a price: the larger of two of the next four tens, if there are two. */
function drawLimit(price: number, random: PythonRandom): number {
  let first = 1;
  while (first < 100 && 10 * first <= price) first += 1;
  const count = Math.min(4, 99 - first + 1);
  if (count < 2) return noLimit;
  return 10 * (first + Math.max(...random.sample(count, 2)));
}

/**
 * The goals of a catalogue in the reference's order before it shuffles them: product by product,
 * drawing one price limit a product (synthetic) or an instruction (human).
 *
 * @param prices - The price of each product, see `drawPrices`.
 */
export function createGoals(
  kind: GoalKind,
  catalogue: Catalogue,
  prices: Float64Array,
  random: PythonRandom,
): { readonly table: (order: Uint32Array) => GoalTable; readonly size: number } {
  const { numVariants, weights, human } = catalogue.goalFacts;
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
    // An option without values leaves no goal, but a limit is drawn all the same.
    if (weights[position] === 0) continue;
    const limit = drawLimit(prices[position]!, random);
    for (let variant = 0; variant < numVariants[position]!; variant++) {
      add(position, variant, limit);
    }
  }
  return {
    size,
    table: (order) => new GoalTable(kind, catalogue, { products, variants, limits, order }),
  };
}
