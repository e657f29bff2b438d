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
  /** In how many goals each attribute occurs. */
  readonly #attributeCounts: ReadonlyMap<string, number>;

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
    attributeCounts: ReadonlyMap<string, number>,
  ) {
    this.kind = kind;
    this.#catalogue = catalogue;
    this.#products = columns.products;
    this.#variants = columns.variants;
    this.#limits = columns.limits;
    this.#order = columns.order;
    this.#attributeCounts = attributeCounts;
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
    const product = this.#catalogue.product(this.#products[this.#row(index)]!);
    const { attributes } = product.instruction!;
    let total = 0;
    for (const attribute of attributes) total += 1 / this.#attributeCounts.get(attribute)!;
    return total / attributes.length;
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
  const products: number[] = [];
  const variants: number[] = [];
  const limits: number[] = [];
  const attributeCounts = new Map<string, number>();
  const add = (product: number, variant: number, limit: number): void => {
    products.push(product);
    variants.push(variant);
    limits.push(limit);
  };
  for (let position = 0; position < catalogue.size; position++) {
    const product = catalogue.product(position);
    if (kind === "human") {
      product.humanInstructions?.forEach(({ attributes }, i) => {
        if (attributes.length > 0) add(position, i, drawLimit(prices[position]!, random));
      });
      continue;
    }
    const { instruction } = product;
    if (instruction === undefined || instruction.attributes.length === 0) continue;
    const limit = drawLimit(prices[position]!, random);
    const count = product.options.reduce((total, { values }) => total * values.length, 1);
    for (let variant = 0; variant < count; variant++) add(position, variant, limit);
    for (const attribute of instruction.attributes) {
      attributeCounts.set(attribute, (attributeCounts.get(attribute) ?? 0) + count);
    }
  }
  const columns = {
    products: Uint32Array.from(products),
    variants: Uint32Array.from(variants),
    limits: Float64Array.from(limits),
  };
  return {
    size: products.length,
    table: (order) => new GoalTable(kind, catalogue, { ...columns, order }, attributeCounts),
  };
}
