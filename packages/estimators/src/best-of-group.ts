import { checkFinite, checkNonNegative, variance } from "@turnwise/core";

/** Options of {@link bestOfGroupAdvantages}. */
export interface BestOfGroupOptions {
  /** Divisor of the difference between the best and the second return. Default `"sample"`. */
  readonly scale?: "none" | "sample";
  /** Added to the standard deviation, `>= 0`. Default 1e-6. */
  readonly epsilon?: number;
}

/**
 * GRPO for pass@k: only the best trajectory of a group gets an advantage: its return minus the
 * second best.
 *
 * @param returns - Returns of one group, `[trajectory]`, at least two.
 * @returns Advantages, `[trajectory]`; all 0 if two trajectories share the best return.
 * @throws `RangeError` for fewer than two returns, or a return that is not finite.
 * @see arXiv:2503.19595; verl's `compute_grpo_passk_outcome_advantage`
 */
export function bestOfGroupAdvantages(
  returns: readonly number[],
  { scale = "sample", epsilon = 1e-6 }: BestOfGroupOptions = {},
): number[] {
  checkFinite("bestOfGroupAdvantages", { returns });
  checkNonNegative("bestOfGroupAdvantages", { epsilon });
  if (returns.length < 2) {
    throw new RangeError(
      `bestOfGroupAdvantages: returns must have at least 2 entries, got ${returns.length}`,
    );
  }
  const sorted = returns.toSorted((a, b) => b - a);
  const lead = sorted[0]! - sorted[1]!;
  if (lead === 0) return returns.map(() => 0);
  const divisor = scale === "none" ? 1 : Math.sqrt(variance(returns, 1)) + epsilon;
  return returns.map((value) => (value === sorted[0] ? lead / divisor : 0));
}
