import { checkInteger } from "@turnwise/core";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { keepChoosableOptions } from "../catalogue/choosable-options.ts";
import type { Product } from "../catalogue/product.ts";
import { GoalDraw } from "../goals/draw-goal.ts";
import type { Goal } from "../goals/goal.ts";
import { createGoals, type GoalKind, type GoalTable } from "../goals/goal-table.ts";
import { PythonRandom } from "../python/python-random.ts";
import { guessTitleNouns, type TitleNouns } from "../reward/title-nouns.ts";
import { Searcher } from "../search/searcher.ts";

/** Maximum number of products that a search finds. */
export const maxResults = 50;

/** Options of a {@link Shop}. */
export interface ShopOptions {
  /** Source of the instructions. Default `"synthetic"`. */
  readonly goals?: GoalKind;
  /** Seed of prices within ranges and of price limits. Default 233. */
  readonly seed?: number;
  /**
   * Seed of the order of goals. Default 233, as in WebShop's code; verl-agent uses its environment
   * seed.
   */
  readonly shuffleSeed?: number;
  /** Keeps only some goals, given their position in the shuffled order. */
  readonly filterGoals?: (index: number, goal: Goal) => boolean;
  /** Draws this number of the kept goals, by weight. */
  readonly maxGoals?: number;
  /** `"reference"` keeps the known bugs of WebShop's code. Default `"none"`. */
  readonly compat?: "reference" | "none";
  /**
   * Adds an attribute page to items, which shows the attributes that goals ask for. Default false.
   */
  readonly showAttributes?: boolean;
  /** Nouns of titles, for the reward. Default {@link guessTitleNouns}. */
  readonly titleNouns?: TitleNouns;
}

/** Result of a search. */
export interface SearchResult {
  readonly products: readonly Product[];
  /** Python error that WebShop's code would have raised; then `products` is empty. */
  readonly fault?: string;
}

/**
 * A shop: catalogue, prices, goals, search. Read-only except for its random generator, so that any
 * number of sessions can share it.
 */
export class Shop {
  readonly catalogue: Catalogue;
  readonly goals: GoalTable;
  /** Price of each product, dollars, `[product]`. */
  readonly prices: Float64Array;
  readonly compat: "reference" | "none";
  readonly showAttributes: boolean;
  readonly titleNouns: TitleNouns;
  /**
   * The only random generator of WebShop's code, used for prices, limits, sessions and `<r>`
   * searches.
   */
  readonly random: PythonRandom;
  readonly #searcher: Searcher;
  #draw: GoalDraw | undefined;

  /**
   * Draws prices and goals.
   * @throws `RangeError` if no goal is left; `CatalogueError` if a product's options have too many
   *   combinations for synthetic goals.
   */
  constructor(catalogue: Catalogue, options: ShopOptions = {}) {
    const { goals: kind = "synthetic", seed = 233, shuffleSeed = 233 } = options;
    const { compat = "none", showAttributes = false, titleNouns = guessTitleNouns } = options;
    this.catalogue = catalogue;
    this.compat = compat;
    this.showAttributes = showAttributes;
    this.titleNouns = titleNouns;
    this.#searcher = new Searcher(catalogue.index);
    this.random = new PythonRandom(seed);
    this.prices = drawPrices(catalogue, this.random);
    const { table, size } = createGoals(
      kind,
      catalogue,
      this.prices,
      this.random,
      compat === "reference" ? "reference" : "repaired",
    );
    this.random.seed(shuffleSeed);
    let order = Uint32Array.from({ length: size }, (_, i) => i);
    this.random.shuffle(order);
    const { filterGoals, maxGoals } = options;
    if (filterGoals !== undefined) {
      const all = table(order);
      order = order.filter((_, i) => filterGoals(i, all.goal(i)));
    }
    if (order.length === 0) {
      throw new RangeError(`Shop: the catalogue has no ${kind} goals`);
    }
    if (maxGoals !== undefined && maxGoals < order.length) {
      checkInteger("Shop", { maxGoals }, { min: 1 });
      const all = table(order);
      const draw = new GoalDraw(all, compat === "reference");
      const drawn = new Set<number>();
      // WebShop's code never draws goal 0, so drawing all goals would not end.
      const limit = Math.min(maxGoals, order.length - (compat === "reference" ? 1 : 0));
      while (drawn.size < limit) drawn.add(draw.next(this.random));
      order = Uint32Array.from(drawn, (i) => order[i]!);
    }
    this.goals = table(order);
  }

  /** Product as the shop offers it: without option values that no page can show. */
  product(position: number): Product {
    const product = this.catalogue.product(position);
    return this.compat === "reference" ? product : keepChoosableOptions(product);
  }

  /** Product by its asin, see {@link product}; `undefined` for an unknown asin. */
  productOf(asin: string): Product | undefined {
    const position = this.catalogue.positionOf(asin);
    return position === undefined ? undefined : this.product(position);
  }

  /** Draws a goal by weight from the shop's generator. */
  drawGoal(): number {
    this.#draw ??= new GoalDraw(this.goals, this.compat === "reference");
    return this.#draw.next(this.random);
  }

  /** Products that a search finds, best first. */
  search(keywords: readonly string[]): SearchResult {
    if (this.compat === "reference") {
      const special = this.#specialSearch(keywords);
      if (special !== undefined) return special;
    }
    const query = keywords.join(" ");
    const hits = this.#searcher.search(query, maxResults);
    const found = hits.map(({ document }) => this.product(document));
    const named = this.compat === "reference" ? undefined : this.#findByAsin(query);
    if (named === undefined) return { products: found };
    const others = found.filter(({ asin }) => asin !== named.asin);
    return { products: [named, ...others].slice(0, maxResults) };
  }

  /**
   * Product whose asin equals the query. This search finds products without a searchable word, and
   * products after the fiftieth with the same words.
   */
  #findByAsin(query: string): Product | undefined {
    const asin = query.trim();
    return this.productOf(asin.toUpperCase()) ?? this.productOf(asin);
  }

  /** Ranked ids and scores, for callers that need no page. */
  rank(query: string, limit: number = maxResults): { asin: string; score: number }[] {
    return this.#searcher
      .search(query.toLowerCase(), limit)
      .map(({ document, score }) => ({ asin: this.catalogue.product(document).asin, score }));
  }

  /** Special searches of WebShop's code: random, by attribute, category and query. */
  #specialSearch(keywords: readonly string[]): SearchResult | undefined {
    const [first, second] = keywords;
    const rest = keywords.slice(1).join(" ").trim();
    const all = (matches: (product: Product) => boolean): SearchResult => ({
      products: Array.from({ length: this.catalogue.size }, (_, i) =>
        this.catalogue.product(i),
      ).filter(matches),
    });
    if (first === "<r>") {
      if (this.catalogue.size < maxResults) {
        return { products: [], fault: "ValueError: Sample larger than population or is negative" };
      }
      const positions = this.random.sample(this.catalogue.size, maxResults);
      return { products: positions.map((position) => this.catalogue.product(position)) };
    }
    if (first === "<a>") {
      return { products: [], fault: "TypeError: 'NoneType' object is not subscriptable" };
    }
    if (first === "<c>") {
      if (second === undefined) {
        return { products: [], fault: "IndexError: list index out of range" };
      }
      return all(({ category }) => category === second.trim());
    }
    return first === "<q>" ? all(({ query }) => query === rest) : undefined;
  }
}

/** One price per product: its fixed price, or a price drawn from its range. */
function drawPrices(catalogue: Catalogue, random: PythonRandom): Float64Array {
  const { lowPrices, highPrices } = catalogue;
  return lowPrices.map((low, i) => {
    const high = highPrices[i]!;
    // A range draws a number even if its ends are equal; a single price has no upper end.
    return Number.isNaN(high) ? low : random.uniform(low, high);
  });
}
