import type { Random } from "@turnwise/core";
import type { Product } from "../catalogue/product.ts";
import type { Goal } from "../goals/goal.ts";
import type { Shop } from "../session/shop.ts";
import { ShopSession } from "../session/shop-session.ts";
import type { ShopDemonstrator, ShopOracleOptions } from "./shop-oracle.ts";

/** Options of a {@link shopSearcher}. */
export interface ShopSearcherOptions extends ShopOracleOptions {
  /**
   * Probability of a random choice, like that of a person in a hurry: opening any product of the
   * page, or choosing any value of an option. In [0, 1). Default 0. A hurried choice is final.
   */
  readonly hurry?: { readonly share: number; readonly random: Random };
}

/**
 * Demonstrator that knows only what the observations show, so that a model can learn its choices:
 * it searches with the words of the instruction, opens the first product within the price limit,
 * goes back if a requested option is missing, chooses the options, and buys. It gives up if no
 * product of the first page fits. It mirrors the episode in its own session, so it must see every
 * turn that has an effect.
 */
export function shopSearcher(
  shop: Shop,
  goalIndex: number,
  { products = "asin", maxProducts = 10, hurry }: ShopSearcherOptions = {},
): ShopDemonstrator {
  const session = new ShopSession(shop, goalIndex);
  const { goal } = session;
  const refused = new Set<string>();
  /** Options of the open product that were chosen in a hurry. */
  let settled = new Set<string>();
  const isHurried = (): boolean => hurry !== undefined && hurry.random.next() < hurry.share;

  const open = (product: Product): string => `click[${product.asin.toLowerCase()}]`;
  const next = (): string | undefined => {
    const { page } = session;
    if (page.name === "search") return `search[${makeQuery(goal)}]`;
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
    const wanted = findWantedOptions(goal, product);
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

/** Words of an instruction without its opening and its price limit. */
function makeQuery({ instructionText }: Goal): string {
  return (
    instructionText
      .toLowerCase()
      .replace(/^(?:find|get|show) me /u, "")
      .replace(/,? and price lower than [\d.]+ dollars$/u, "")
      // A bracket would end the action early.
      .replaceAll(/[^\p{L}\p{N}'.-]+/gu, " ")
      .trim()
  );
}

/** Options to choose, in page order; `undefined` if the product lacks a requested option. */
function findWantedOptions(
  { options }: Goal,
  product: Product,
): readonly (readonly [string, string])[] | undefined {
  const isOffered = ([name, value]: readonly [string, string]): boolean =>
    product.options.some((group) => group.name === name && group.values.includes(value));
  const wanted =
    options.kind === "named"
      ? options.entries
      : options.values.map((value): readonly [string, string] => [
          product.options.find(({ values }) => values.includes(value))?.name ?? "",
          value,
        ]);
  if (!wanted.every(isOffered)) return undefined;
  return product.options.flatMap(({ name }) => wanted.filter(([option]) => option === name));
}
