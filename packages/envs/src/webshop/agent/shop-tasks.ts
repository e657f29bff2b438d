import type { Random, Task } from "@turnwise/core";
import { goalSplit, goalSplitNames, type GoalSplitScheme } from "../goals/goal-splits.ts";
import type { Shop } from "../session/shop.ts";
import { goalTaskId } from "./shop-environment.ts";

/** Tasks of a shop, one per goal, in named splits. */
export interface ShopTasks {
  /** Names of the splits. */
  readonly splits: readonly string[];
  /** Tasks of a split, ordered by goal index; their kind is the category of the product. */
  tasks(split: string): readonly Task[];
  /**
   * Draws distinct tasks such that all products are equally likely: a product with many
   * combinations of options has hundreds of nearly identical goals.
   * @param count - Maximum number of tasks; fewer if the split has fewer goals.
   */
  draw(split: string, count: number, random: Random): readonly Task[];
}

/**
 * Makes the tasks of a shop.
 * @param scheme - Division of goals into splits. Default `"products"`: no product is in two splits.
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
      // In each round, every product gives one goal, in a new random order.
      for (let round = 0; drawn.length < count; round++) {
        const left = queues.filter((its) => its.length > round);
        if (left.length === 0) break;
        for (const its of random.shuffle(left)) drawn.push(its[round]!);
      }
      return drawn.slice(0, count).map(taskOf);
    },
  };
}
