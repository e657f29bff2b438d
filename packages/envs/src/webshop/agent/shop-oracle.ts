import { numGoalOptions } from "../goals/goal.ts";
import type { Shop } from "../session/shop.ts";
import { clickNames } from "../session/click-names.ts";
import type { PageNode } from "../pages/page.ts";
import { pageNodes } from "../pages/page-nodes.ts";
import { ShopSession } from "../session/shop-session.ts";

/** Chooses the next action from an observation; `undefined` means that the player gives up. */
export interface ShopDemonstrator {
  next(observation: string): string | undefined;
}

/** Options of an oracle. */
export interface ShopOracleOptions {
  /** `"number"` clicks products by number, for mode `"compact"`. Default `"asin"`. */
  readonly products?: "asin" | "number";
  /** Highest product number on a page. Default 10. */
  readonly maxProducts?: number;
}

/**
 * Demonstrator that knows the goal: it searches with words of the instruction, turns pages until it
 * finds the product, opens it, chooses the options, and buys. It mirrors the episode in its own
 * session, so it must see every turn.
 *
 * Its queries are the attributes and the product type, then, if these queries do not find the product,
 * also its options, and then its title.
 */
export function shopOracle(
  shop: Shop,
  goalIndex: number,
  { products = "asin", maxProducts = 10 }: ShopOracleOptions = {},
): ShopDemonstrator {
  const session = new ShopSession(shop, goalIndex);
  const { goal } = session;
  const isNumbered = products === "number";
  const choices = optionChoices(shop, session);

  /**
   * Name under which a click finds a part of the page; with `compat: "reference"`, the plain text.
   */
  const nameOf = (text: string, option?: string): string => {
    if (shop.compat === "reference") return text.toLowerCase();
    const names = [...clickNames(pageNodes(session.page))];
    const isMeant = (node: PageNode): boolean =>
      node.text === text && node.option === option && node.kind !== "button";
    return names.find(([, node]) => isMeant(node))?.[0] ?? text.toLowerCase();
  };

  const next = (): string | undefined => {
    const { page } = session;
    if (page.name === "search") return `search[${findQuery(shop, session, maxProducts)}]`;
    if (page.name === "results") {
      const index = page.products.findIndex(({ asin }) => asin === goal.asin);
      if (index === -1) return page.products.length > 0 ? "click[next >]" : undefined;
      return `click[${isNumbered ? index + 1 : nameOf(goal.asin)}]`;
    }
    if (page.name !== "item") return undefined;
    const open = choices.find(([name, value]) => page.options.get(name) !== value);
    return `click[${open === undefined ? "buy now" : nameOf(open[1], open[0])}]`;
  };
  return {
    next: () => {
      const action = next();
      if (action === undefined) return undefined;
      const isProduct = isNumbered && session.page.name === "results" && !action.includes(">");
      session.act(isProduct ? `click[${nameOf(goal.asin)}]` : action);
      return action;
    },
  };
}

/** Options to choose, in page order. */
function optionChoices(shop: Shop, session: ShopSession): readonly (readonly [string, string])[] {
  const { asin, options } = session.goal;
  const groups = shop.productOf(asin)!.options;
  return groups.flatMap(({ name, values }): (readonly [string, string])[] => {
    const wanted =
      options.kind === "named"
        ? options.entries.find(([option]) => option === name)?.[1]
        : options.values.find((value) => values.includes(value));
    return wanted === undefined ? [] : [[name, wanted]];
  });
}

/** Shortest query of the oracle that shows the product on the first page. */
function findQuery(shop: Shop, session: ShopSession, maxProducts: number): string {
  const { goal } = session;
  const words = [...goal.attributes, goal.query].join(" ");
  const { options } = goal;
  const values =
    options.kind === "named" ? options.entries.map(([, value]) => value) : options.values;
  const queries = numGoalOptions(options) > 0 ? [words, `${words} ${values.join(" ")}`] : [words];
  const isFound = (query: string): boolean =>
    shop.rank(query, maxProducts).some(({ asin }) => asin === goal.asin);
  // WebShop's code would end the action at the first bracket.
  const texts = [...queries, goal.name].map((query) => query.replaceAll(/[[\]\n]/gu, " "));
  return (shop.compat === "none" ? [...texts, goal.asin] : texts)
    .map((query) => query.toLowerCase())
    .find((query, i, all) => i === all.length - 1 || isFound(query))!;
}
