import { GoalFactsBuilder, type GoalFacts } from "./goal-facts.ts";
import type { Product } from "./product.ts";
import { indexedText } from "./product.ts";
import { SearchIndexBuilder, type SearchIndex } from "../search/search-index.ts";

/** Products and the index that finds them; read-only, and shared by all sessions. */
export interface Catalogue {
  readonly size: number;
  /** A product by its place in the file, in [0, size). */
  product(position: number): Product;
  /** The place of a product; `undefined` for an unknown asin. */
  positionOf(asin: string): number | undefined;
  /** The ends of each product's price range, dollars, `[product]`; the upper is NaN for one price. */
  readonly lowPrices: Float64Array;
  readonly highPrices: Float64Array;
  readonly goalFacts: GoalFacts;
  /** Documents are numbered like products. */
  readonly index: SearchIndex;
  /** Frees files that it holds open. */
  close(): void;
}

/** A catalogue in memory. Products with an asin that was there before are left out. */
export function createCatalogue(products: Iterable<Product>): Catalogue {
  const kept: Product[] = [];
  const positions = new Map<string, number>();
  const builder = new SearchIndexBuilder();
  const facts = new GoalFactsBuilder();
  for (const product of products) {
    if (positions.has(product.asin)) continue;
    positions.set(product.asin, kept.length);
    kept.push(product);
    builder.add(product.asin, indexedText(product));
    facts.add(product);
  }
  return {
    size: kept.length,
    product: (position) => {
      const product = kept[position];
      if (product !== undefined) return product;
      throw new RangeError(
        `Catalogue.product: position must be a whole number in [0, ${kept.length - 1}], got ${position}`,
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
