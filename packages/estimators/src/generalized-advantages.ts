import { checkNonNegative, checkSameLength } from "@turnwise/core";
import { checkSized } from "./check-ragged.ts";

/** Options of {@link generalizedAdvantages}. */
export interface GeneralizedAdvantageOptions {
  /** Worth of a reward one place later (gamma), in `[0, 1]`. Default 1. */
  readonly discount?: number;
  /** How far errors of the critic are carried back, in `[0, 1]`. Default 1. */
  readonly lambda?: number;
  /** 1 for a response token, 0 for anything else, `[token]`. Default: all 1. */
  readonly mask?: readonly number[];
  /**
   * What happens at masked tokens. `"skip"`: nothing there is read; the next response token follows
   * the last one directly (verl). `"count"`: their rewards and values take part, and each is a place
   * that is discounted (SkyRL). Default `"skip"`.
   */
  readonly masked?: "skip" | "count";
  /** The critic's value of what follows the end, for a truncated trajectory. Default 0. */
  readonly finalValue?: number;
}

/** What {@link generalizedAdvantages} gives, 0 at masked places. */
export interface GeneralizedAdvantages {
  /** `[token]`; not whitened. */
  readonly advantages: number[];
  /** `advantages + values`: what the critic is to learn, `[token]`. */
  readonly returns: number[];
}

/**
 * Generalized advantage estimation for one sequence, from its end:
 * `delta = reward + discount * nextValue - value` and
 * `advantage = delta + discount * lambda * nextAdvantage`.
 *
 * @param rewards - `[token]`; or `[turn]`, with values of turns, for credit by turn.
 * @param values - The critic's, before the update, same length.
 * @throws `RangeError` if lengths differ, a number that is read is not finite, or an option is out
 *   of range.
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

/** Requires numbers in [0, 1]. */
export function checkUnitInterval(where: string, values: Readonly<Record<string, number>>): void {
  checkNonNegative(where, values);
  for (const [name, value] of Object.entries(values)) {
    if (value > 1) throw new RangeError(`${where}: ${name} must be in [0, 1], got ${value}`);
  }
}
