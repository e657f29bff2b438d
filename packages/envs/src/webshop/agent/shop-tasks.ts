import type { Random, Task } from "@turnwise/core";
import { goalSplit, goalSplitNames, type GoalSplitScheme } from "../goals/goal-splits.ts";
import type { Shop } from "../session/shop.ts";
import { goalTaskId } from "./shop-environment.ts";

/** The tasks of a shop: one for each goal, in named splits. */
export interface ShopTasks {
  /** The names of the splits. */
  readonly splits: readonly string[];
  /** The tasks of a split by goal index; their kind is the category of the product. */
  tasks(split: string): readonly Task[];
  /**
   * Draws different tasks so that every product is as likely as any other: products with many
   * combinations of options have hundreds of goals that hardly differ.
   * @param count - At most so many; fewer where the split has fewer goals.
   */
  draw(split: string, count: number, random: Random): readonly Task[];
}

/**
 * The tasks of a shop.
 * @param scheme - How goals are divided. Default `"products"`: no product is in two splits.
 */
export function shopTasks(shop: Shop, scheme: GoalSplitScheme = "products"): ShopTasks {
  const taskOf = (index: number): Task => ({
    id: goalTaskId(index),
    kind: shop.catalogue.product(shop.goals.productOf(index)).category || "goods",
  });
  const indices = (split: string): Uint32Array =>
    goalSplit(shop.goals, shop.catalogue, scheme, split);
  return {
    splits: goalSplitNames(scheme),
    tasks: (split) => Array.from(indices(split), taskOf),
    draw: (split, count, random) => {
      const byProduct = new Map<number, number[]>();
      for (const index of indices(split)) {
        const product = shop.goals.productOf(index);
        const its = byProduct.get(product);
        if (its === undefined) byProduct.set(product, [index]);
        else its.push(index);
      }
      const queues = [...byProduct.values()].map((its) => random.shuffle(its));
      const drawn: number[] = [];
      // Round by round, each product gives one goal, in an order of that round's own.
      for (let round = 0; drawn.length < count; round++) {
        const left = queues.filter((its) => its.length > round);
        if (left.length === 0) break;
        for (const its of random.shuffle(left)) drawn.push(its[round]!);
      }
      return drawn.slice(0, count).map(taskOf);
    },
  };
}
