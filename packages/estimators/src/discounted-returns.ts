import { checkSameLength } from "@turnwise/core";
import { checkSized } from "./check-ragged.ts";
import { checkUnitInterval } from "./generalized-advantages.ts";

/** Options of {@link discountedReturns}. */
export interface DiscountedReturnOptions {
  /** Discount per position (gamma), in `[0, 1]`. Default 1. */
  readonly discount?: number;
  /**
   * 1 for a counted position; 0 for a position that is skipped, without discounting. Default: all
   * 1.
   */
  readonly mask?: readonly number[];
}

/**
 * Computes the return from each position onward: `return[t] = reward[t] + discount * return[t +
 * 1]`.
 *
 * @param rewards - Rewards, `[turn]` or `[token]`.
 * @returns Returns of the same length; 0 at masked positions, whose rewards are ignored.
 * @throws `RangeError` if lengths differ, a counted reward is not finite, or the discount is out of
 *   range.
 * @see verl's `compute_reinforce_plus_plus_outcome_advantage`, for the masked positions
 */
export function discountedReturns(
  rewards: readonly number[],
  { discount = 1, mask = rewards.map(() => 1) }: DiscountedReturnOptions = {},
): number[] {
  checkSameLength("discountedReturns", { rewards, mask });
  checkUnitInterval("discountedReturns", { discount });
  checkSized("discountedReturns", "rewards", [rewards], [mask]);
  const returns = rewards.map(() => 0);
  let next = 0;
  for (let t = rewards.length - 1; t >= 0; t--) {
    if (mask[t] === 0) continue;
    next = rewards[t]! + discount * next;
    returns[t] = next;
  }
  return returns;
}
