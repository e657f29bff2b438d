import { createRandom } from "@turnwise/core";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { GoalTable } from "./goal-table.ts";

/**
 * Schemes for dividing goals into splits.
 * - `"products"` (the default): by product, so that no split shows a product that another asks for;
 *   `train` has 8/10 of the products, `validation` and `test` 1/10 each. A product's split depends
 *   only on its asin.
 * - `"webshop"`: by position in the shuffled order, as published: `test` 0 to 499, `validation` 500
 *   to 1,499, `train` the rest. RAGEN uses the same ranges.
 * - `"verl-agent"`: `validation` 0 to 499, `train` the rest. In verl-agent, each worker shuffles
 *   separately, so that its splits overlap; here they are disjoint.
 * - `"agentbench"`: `test` 0 to 499, of the human instructions.
 */
export type GoalSplitScheme = "products" | "webshop" | "verl-agent" | "agentbench";

const ranges: Readonly<
  Record<
    Exclude<GoalSplitScheme, "products">,
    Readonly<Record<string, readonly [start: number, end: number]>>
  >
> = {
  webshop: { train: [1500, Infinity], validation: [500, 1500], test: [0, 500] },
  "verl-agent": { train: [500, Infinity], validation: [0, 500] },
  agentbench: { test: [0, 500] },
};

/** Names of a scheme's splits. */
export function goalSplitNames(scheme: GoalSplitScheme): readonly string[] {
  return scheme === "products" ? ["train", "validation", "test"] : Object.keys(ranges[scheme]);
}

function splitOfProduct(asin: string): string {
  const share = createRandom(`webshop/split/${asin}`).next();
  return share < 0.8 ? "train" : share < 0.9 ? "validation" : "test";
}

/**
 * Indices of the goals of a split, ascending. Splits of one scheme share no goal. A split may be
 * empty.
 * @throws `RangeError` for a split that the scheme does not have.
 */
export function goalSplit(
  goals: GoalTable,
  catalogue: Catalogue,
  scheme: GoalSplitScheme,
  split: string,
): Uint32Array {
  const names = goalSplitNames(scheme);
  if (!names.includes(split)) {
    throw new RangeError(`goalSplit: split must be one of ${names.join(", ")}, got ${split}`);
  }
  const all = Uint32Array.from({ length: goals.size }, (_, i) => i);
  if (scheme === "products") {
    const splits = new Map<number, string>();
    return all.filter((i) => {
      const product = goals.productOf(i);
      let its = splits.get(product);
      if (its === undefined) {
        its = splitOfProduct(catalogue.product(product).asin);
        splits.set(product, its);
      }
      return its === split;
    });
  }
  const [start, end] = ranges[scheme][split]!;
  return all.slice(start, Math.min(end, goals.size));
}
