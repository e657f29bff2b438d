import { checkNonNegative, checkSameLength } from "@turnwise/core";
import { checkSized } from "./check-ragged.ts";

/** Options of {@link generalizedAdvantages}. */
export interface GeneralizedAdvantageOptions {
  /** Discount per position (gamma), in `[0, 1]`. Default 1. */
  readonly discount?: number;
  /** Decay of the temporal-difference errors (lambda), in `[0, 1]`. Default 1. */
  readonly lambda?: number;
  /** 1 for response tokens, 0 for all other tokens, `[token]`. Default: all 1. */
  readonly mask?: readonly number[];
  /**
   * Treatment of masked tokens. `"skip"`: they are ignored, as if response tokens were adjacent
   * (verl). `"count"`: their rewards and values count, and each is a discounted position (SkyRL).
   * Default `"skip"`.
   */
  readonly masked?: "skip" | "count";
  /** Value estimate after the end of a truncated trajectory. Default 0. */
  readonly finalValue?: number;
}

/** Result of {@link generalizedAdvantages}; 0 at masked positions. */
export interface GeneralizedAdvantages {
  /** Advantages, `[token]`, not whitened. */
  readonly advantages: number[];
  /** `advantages + values`, the targets of the critic, `[token]`. */
  readonly returns: number[];
}

/**
 * Generalized advantage estimation for one sequence, computed backward from its end:
 * `delta = reward + discount * nextValue - value` and
 * `advantage = delta + discount * lambda * nextAdvantage`.
 *
 * @param rewards - Rewards, `[token]`; or `[turn]`, with values per turn, for credit per turn.
 * @param values - Values of the critic before the update, same length.
 * @throws `RangeError` if lengths differ, a counted number is not finite, or an option is out of
 *   range.
 * @see arXiv:1506.02438
 */
export function generalizedAdvantages(
  rewards: readonly number[],
  values: readonly number[],
  {
    discount = 1,
    lambda = 1,
    mask = rewards.map(() => 1),
    masked = "skip",
    finalValue = 0,
  }: GeneralizedAdvantageOptions = {},
): GeneralizedAdvantages {
  const where = "generalizedAdvantages";
  checkSameLength(where, { rewards, values, mask });
  checkUnitInterval(where, { discount, lambda });
  checkSized(where, "finalValue", [[finalValue]]);
  const read = masked === "skip" ? [mask] : undefined;
  checkSized(where, "rewards", [rewards], read);
  checkSized(where, "values", [values], read);

  const advantages = rewards.map(() => 0);
  const returns = rewards.map(() => 0);
  let nextValue = finalValue;
  let nextAdvantage = 0;
  for (let t = rewards.length - 1; t >= 0; t--) {
    if (mask[t] === 0 && masked === "skip") continue;
    const delta = rewards[t]! + discount * nextValue - values[t]!;
    nextAdvantage = delta + discount * lambda * nextAdvantage;
    nextValue = values[t]!;
    if (mask[t] === 0) continue;
    advantages[t] = nextAdvantage;
    returns[t] = nextAdvantage + values[t]!;
  }
  return { advantages, returns };
}

/** Checks that numbers are in [0, 1]. */
export function checkUnitInterval(where: string, values: Readonly<Record<string, number>>): void {
  checkNonNegative(where, values);
  for (const [name, value] of Object.entries(values)) {
    if (value > 1) throw new RangeError(`${where}: ${name} must be in [0, 1], got ${value}`);
  }
}
