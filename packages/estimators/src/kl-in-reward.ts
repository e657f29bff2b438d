import {
  checkFinite,
  checkNonNegative,
  checkPositive,
  checkSameLength,
  plainOperations,
} from "@turnwise/core";
import { estimateLimitedKl, type KlEstimator } from "./kl-penalty.ts";

/** Input of {@link penalizeRewards} for one sequence, `[token]`. */
export interface PenalizedTokens {
  readonly rewards: readonly number[];
  /** Log-probs of the policy before the update, nats. */
  readonly oldLogProbs: readonly number[];
  readonly referenceLogProbs: readonly number[];
  /** 1 for response tokens, else 0. Default: all 1. */
  readonly mask?: readonly number[];
}

/** Options of {@link penalizeRewards}. */
export interface KlInRewardOptions {
  /** Default `"k1"` (verl). */
  readonly estimator?: KlEstimator;
  /** Maximum absolute value of an estimate, `> 0`. Default `null`: no limit. */
  readonly limit?: number | null;
}

/**
 * Subtracts `coefficient * kl` from the rewards of tokens: KL(old || reference), estimated at each
 * sampled token.
 *
 * @returns The rewards, `[token]`, 0 at masked tokens; and the mean KL over the counted tokens,
 *   nats, 0 if there are none.
 * @throws `RangeError` if lengths differ, a counted number is not finite, or the coefficient is
 *   negative.
 * @see verl's `apply_kl_penalty`
 */
export function penalizeRewards(
  { rewards, oldLogProbs, referenceLogProbs, mask = rewards.map(() => 1) }: PenalizedTokens,
  coefficient: number,
  { estimator = "k1", limit = null }: KlInRewardOptions = {},
): { readonly rewards: number[]; readonly meanKl: number } {
  const where = "penalizeRewards";
  checkSameLength(where, { rewards, oldLogProbs, referenceLogProbs, mask });
  checkNonNegative(where, { coefficient });
  if (limit !== null) checkPositive(where, { limit });
  const gaps = Float64Array.from(oldLogProbs, (old, token) => old - referenceLogProbs[token]!);
  const estimates = estimateLimitedKl(plainOperations, gaps, estimator, limit);
  let total = 0;
  let counted = 0;
  const penalized = rewards.map((reward, token) => {
    if (mask[token] === 0) return 0;
    const kl = estimates[token]!;
    checkFinite(where, { [`rewards[${token}]`]: reward, [`kl[${token}]`]: kl });
    total += kl;
    counted++;
    return reward - coefficient * kl;
  });
  return { rewards: penalized, meanKl: counted === 0 ? 0 : total / counted };
}

/** Options of {@link adaptKlCoefficient}. */
export interface AdaptiveKlOptions {
  /** Target KL, nats, `> 0`. */
  readonly target: number;
  /** Number of samples over which the coefficient may change by at most a fifth, `> 0`. */
  readonly horizon: number;
  /** Number of samples since the last change, `>= 0`. */
  readonly numSamples: number;
}

/**
 * Adapts the coefficient of a KL penalty, so that the KL approaches its target:
 * `coefficient * (1 + clip(kl / target - 1, -0.2, 0.2) * numSamples / horizon)`.
 * @returns At least 0.
 * @throws `RangeError` if a number is out of range.
 * @see arXiv:1909.08593
 */
export function adaptKlCoefficient(
  coefficient: number,
  kl: number,
  { target, horizon, numSamples }: AdaptiveKlOptions,
): number {
  checkNonNegative("adaptKlCoefficient", { coefficient, numSamples });
  checkFinite("adaptKlCoefficient", { kl });
  checkPositive("adaptKlCoefficient", { target, horizon });
  const error = Math.min(0.2, Math.max(-0.2, kl / target - 1));
  return Math.max(0, coefficient * (1 + (error * numSamples) / horizon));
}
