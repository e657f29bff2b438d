import type { PythonRandom } from "../python/python-random.ts";
import type { GoalTable } from "./goal-table.ts";

/** Draws goals by weight, from cumulative sums of the weights. */
export class GoalDraw {
  readonly #sums: Float64Array;
  readonly #isShifted: boolean;

  /**
   * @param isShifted - True to draw as WebShop's code does, whose cumulative sums start with an
   *   extra 0: goal 0 is never drawn; goal `i` has the weight of goal `i - 1`; the last goal has the
   *   sum of its own weight and that of the goal before it.
   */
  constructor(goals: GoalTable, isShifted: boolean) {
    const sums = new Float64Array(goals.size);
    let total = 0;
    for (let i = 0; i < sums.length; i++) sums[i] = total += goals.weight(i);
    this.#sums = sums;
    this.#isShifted = isShifted;
  }

  /** Draws the index of a goal. */
  next(random: PythonRandom): number {
    const sums = this.#sums;
    const position = random.uniform(0, sums.at(-1) ?? 0);
    let low = 0;
    let high = sums.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    return Math.min(this.#isShifted ? low + 1 : low, sums.length - 1);
  }
}
