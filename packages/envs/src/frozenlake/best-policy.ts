import { checkInteger } from "@turnwise/core";
import { directions, type Direction } from "../grid/direction.ts";
import { isEnd, neighbour, listSlips, type Lake } from "./lake.ts";

/** Optimal policy for a lake. */
export interface LakePolicy {
  /** Probability of reaching the goal from the start. */
  readonly success: number;
  /**
   * Returns the best step in a cell, given the number of steps left including this one. Ties are
   * broken by the order of directions.
   */
  readonly stepIn: (cell: number, stepsLeft: number) => Direction;
}

/**
 * Computes the policy with the highest probability of reaching the goal within a number of steps,
 * by dynamic programming backward from the last step. Without slipping, it walks a shortest path if
 * the limit allows.
 */
export function bestLakePolicy(
  lake: Lake,
  {
    isSlippery,
    maxSteps,
  }: {
    readonly isSlippery: boolean;
    /** Maximum number of steps in an episode, `>= 1`. */
    readonly maxSteps: number;
  },
): LakePolicy {
  checkInteger("bestLakePolicy", { maxSteps }, { min: 1 });
  const values: number[][] = [lake.holes.map((_, cell) => (cell === lake.goal ? 1 : 0))];
  const steps: Direction[][] = [];
  const valueOf = (after: readonly number[], cell: number, direction: Direction): number => {
    const taken = isSlippery ? listSlips(direction) : [direction];
    const total = taken.reduce((sum, one) => sum + after[neighbour(lake, cell, one)]!, 0);
    return total / taken.length;
  };
  for (let left = 1; left <= maxSteps; left++) {
    const after = values[left - 1]!;
    const best = after.map((value, cell): readonly [number, Direction] => {
      if (isEnd(lake, cell)) return [value, "Up"];
      return directions
        .map((direction) => [valueOf(after, cell, direction), direction] as const)
        .reduce((first, other) => (other[0] > first[0] ? other : first));
    });
    values.push(best.map(([value]) => value));
    steps.push(best.map(([, direction]) => direction));
  }
  return {
    success: values[maxSteps]![lake.start]!,
    stepIn: (cell, stepsLeft) => {
      checkInteger("LakePolicy.stepIn", { stepsLeft }, { min: 1, max: maxSteps });
      checkInteger("LakePolicy.stepIn", { cell }, { min: 0, max: lake.holes.length - 1 });
      return steps[stepsLeft - 1]![cell]!;
    },
  };
}
