import { checkInteger } from "@turnwise/core";

import type { Operator, World } from "../game.ts";

/** Options of {@link breadthFirstPlan}. */
export interface BreadthFirstOptions {
  /** Maximum number of worlds to visit, `>= 1`. Default 1,000,000. */
  readonly maxWorlds?: number;
}

interface Reached {
  readonly world: World;
  readonly operator: Operator | undefined;
  readonly previous: Reached | undefined;
}

/**
 * Finds a shortest plan by breadth-first search over the operators of a game of any domain; among
 * equally short plans, the first in the order of operators. It uses no knowledge of households, so
 * it takes seconds or fails in a full-size room.
 * @returns The operators; empty if the goal already holds; `undefined` if the goal is unreachable.
 * @throws `Error` if it visited `maxWorlds` worlds without an answer.
 */
export function breadthFirstPlan(
  world: World,
  { maxWorlds = 1_000_000 }: BreadthFirstOptions = {},
): readonly Operator[] | undefined {
  checkInteger("breadthFirstPlan", { maxWorlds }, { min: 1 });
  const seen = new Set([world.key]);
  let reached: Reached[] = [{ world, operator: undefined, previous: undefined }];
  if (world.isGoal) return [];
  while (reached.length > 0) {
    const next: Reached[] = [];
    for (const previous of reached) {
      for (const operator of previous.world.operators()) {
        if (operator.isIdle) continue;
        const after = previous.world.apply(operator);
        if (seen.has(after.key)) continue;
        seen.add(after.key);
        if (seen.size > maxWorlds) {
          throw new Error(
            `breadthFirstPlan: found no plan for ${world.game.name} within ${maxWorlds} worlds`,
          );
        }
        const node = { world: after, operator, previous };
        if (after.isGoal) return operatorsTo(node);
        next.push(node);
      }
    }
    reached = next;
  }
  return undefined;
}

function operatorsTo(last: Reached): Operator[] {
  const operators: Operator[] = [];
  for (let node: Reached | undefined = last; node?.operator; node = node.previous) {
    operators.push(node.operator);
  }
  return operators.reverse();
}
