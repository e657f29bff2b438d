import { checkSameLength } from "@turnwise/core";
import { checkSized } from "./check-ragged.ts";
import { checkUnitInterval } from "./generalized-advantages.ts";

/** Options of {@link discountedReturns}. */
export interface DiscountedReturnOptions {
  /** Worth of a reward one place later (gamma), in `[0, 1]`. Default 1. */
  readonly discount?: number;
  /** 1 for a place that counts, 0 for one that is skipped, undiscounted. Default: all 1. */
  readonly mask?: readonly number[];
}

/**
 * The return from each place on: `return[t] = reward[t] + discount * return[t + 1]`.
 *
 * @param rewards - `[turn]` or `[token]`.
 * @returns Same length, 0 at masked places, whose rewards are not read.
 * @throws `RangeError` if lengths differ, a reward that is read is not finite, or the discount is
 *   out of range.
 * @see verl's `compute_reinforce_plus_plus_outcome_advantage`, for the masked places
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
