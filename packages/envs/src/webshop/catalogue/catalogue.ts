import { GoalFactsBuilder, type GoalFacts } from "./goal-facts.ts";
import type { Product } from "./product.ts";
import { textToIndex } from "./product.ts";
import { SearchIndexBuilder, type SearchIndex } from "../search/search-index.ts";

/** Products and their search index; read-only, shared by all sessions. */
export interface Catalogue {
  readonly size: number;
  /** Product by its position in the file, in [0, size). */
  product(position: number): Product;
  /** Position of a product; `undefined` for an unknown asin. */
  positionOf(asin: string): number | undefined;
  /** Price range of each product, dollars, `[product]`; the upper end is NaN for a single price. */
  readonly lowPrices: Float64Array;
  readonly highPrices: Float64Array;
  readonly goalFacts: GoalFacts;
  /** Search index; documents have the same numbers as products. */
  readonly index: SearchIndex;
  /** Closes open files. */
  close(): void;
}

/** Creates a catalogue in memory. If several products have the same asin, keeps only the first. */
export function createCatalogue(products: Iterable<Product>): Catalogue {
  const kept: Product[] = [];
  const positions = new Map<string, number>();
  const builder = new SearchIndexBuilder();
  const facts = new GoalFactsBuilder();
  for (const product of products) {
    if (positions.has(product.asin)) continue;
    positions.set(product.asin, kept.length);
    kept.push(product);
    builder.add(product.asin, textToIndex(product));
    facts.add(product);
  }
  return {
    size: kept.length,
    product: (position) => {
      const product = kept[position];
      if (product !== undefined) return product;
      throw new RangeError(
        `Catalogue.product: position must be an integer in [0, ${kept.length - 1}], got ${position}`,
      );
    },
    positionOf: (asin) => positions.get(asin),
    lowPrices: Float64Array.from(kept, ({ pricing }) => pricing[0]),
    highPrices: Float64Array.from(kept, ({ pricing }) => pricing[1] ?? Number.NaN),
    goalFacts: facts.build(),
    index: builder.build(),
    close: () => undefined,
  };
}
