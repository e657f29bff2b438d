import type { Random } from "@turnwise/core";
import type { Product } from "../catalogue/product.ts";
import type { Goal } from "../goals/goal.ts";
import type { Shop } from "../session/shop.ts";
import { ShopSession } from "../session/shop-session.ts";
import type { ShopDemonstrator, ShopOracleOptions } from "./shop-oracle.ts";

/** What a {@link shopSearcher} is like. */
export interface ShopSearcherOptions extends ShopOracleOptions {
  /**
   * How often it decides without looking, as people in a hurry do: opens any product of the page, or
   * takes any value of an option. In [0, 1). Default 0. A hurried choice is not made again.
   */
  readonly hurry?: { readonly share: number; readonly random: Random };
}

/**
 * A demonstrator that knows only what it is told, so that its choices can be learned from what is
 * seen: it searches with the words of the instruction, opens the first product within the price
 * limit, goes back if that lacks a wanted option, chooses the options, and buys. It gives up where
 * no product of the first page will do. It plays along on a session of its own, and so must see
 * every turn of its episode that has an effect.
 */
export function shopSearcher(
  shop: Shop,
  goalIndex: number,
  { products = "asin", maxProducts = 10, hurry }: ShopSearcherOptions = {},
): ShopDemonstrator {
  const session = new ShopSession(shop, goalIndex);
  const { goal } = session;
  const refused = new Set<string>();
  /** Options that were chosen in a hurry, of the product that is open. */
  let settled = new Set<string>();
  const isHurried = (): boolean => hurry !== undefined && hurry.random.next() < hurry.share;

  const open = (product: Product): string => `click[${product.asin.toLowerCase()}]`;
  const next = (): string | undefined => {
    const { page } = session;
    if (page.name === "search") return `search[${queryOf(goal)}]`;
    if (page.name === "results") {
      settled = new Set();
      const shown = page.products.slice(0, maxProducts);
      if (shown.length > 0 && isHurried()) return open(hurry!.random.choice(shown));
      const fitting = shown.find(
        ({ asin, pricing }) => !refused.has(asin) && Math.max(...pricing) <= goal.priceUpper,
      );
      return fitting && open(fitting);
    }
    if (page.name !== "item") return undefined;
    const { product, options } = page;
    const hurried = product.options.find(({ name }) => !options.has(name));
    if (hurried !== undefined && isHurried()) {
      settled.add(hurried.name);
      return `click[${hurry!.random.choice(hurried.values)}]`;
    }
    const wanted = wantedOptions(goal, product);
    if (wanted === undefined) {
      refused.add(product.asin);
      return "click[< prev]";
    }
    const left = wanted.find(([name, value]) => options.get(name) !== value && !settled.has(name));
    return `click[${left === undefined ? "buy now" : left[1]}]`;
  };
  return {
    next: () => {
      const { page } = session;
      const action = next();
      if (action === undefined) return undefined;
      session.act(action);
      if (page.name !== "results" || products === "asin") return action;
      return `click[${page.products.findIndex((product) => open(product) === action) + 1}]`;
    },
  };
}

/** The words of an instruction: all but its opening and its price limit. */
function queryOf({ instructionText }: Goal): string {
  return (
    instructionText
      .toLowerCase()
      .replace(/^(?:find|get|show) me /u, "")
      .replace(/,? and price lower than [\d.]+ dollars$/u, "")
      // Brackets would end the action early.
      .replaceAll(/[^\p{L}\p{N}'.-]+/gu, " ")
      .trim()
  );
}

/** The options to choose, in page order; `undefined` if the product lacks one. */
function wantedOptions(
  { options }: Goal,
  product: Product,
): readonly (readonly [string, string])[] | undefined {
  const offered = ([name, value]: readonly [string, string]): boolean =>
    product.options.some((group) => group.name === name && group.values.includes(value));
  const wanted =
    options.kind === "named"
      ? options.entries
      : options.values.map((value): readonly [string, string] => [
          product.options.find(({ values }) => values.includes(value))?.name ?? "",
          value,
        ]);
  if (!wanted.every(offered)) return undefined;
  return product.options.flatMap(({ name }) => wanted.filter(([option]) => option === name));
}
