import {
  checkFinite,
  checkNonNegative,
  checkPositive,
  checkSameLength,
  plainOperations,
} from "@turnwise/core";
import { limitedKl, type KlEstimator } from "./kl-penalty.ts";

/** What {@link penalizedRewards} reads of one sequence, `[token]`. */
export interface PenalizedTokens {
  readonly rewards: readonly number[];
  /** Log-probs of the policy that is about to be updated, nats. */
  readonly oldLogProbs: readonly number[];
  readonly referenceLogProbs: readonly number[];
  /** 1 for a response token, else 0. Default: all 1. */
  readonly mask?: readonly number[];
}

/** Options of {@link penalizedRewards}. */
export interface KlInRewardOptions {
  /** Default `"k1"` (verl). */
  readonly estimator?: KlEstimator;
  /** Estimates count as at most this in size, `> 0`. Default `null`: no limit. */
  readonly limit?: number | null;
}

/**
 * Rewards of tokens less `coefficient * kl`: KL(old || reference) by an estimate from each sampled
 * token, charged where it arises.
 *
 * @returns The rewards, `[token]`, 0 at masked tokens; and the mean KL over the tokens that count,
 *   nats, 0 if none does.
 * @throws `RangeError` if lengths differ, a number that is read is not finite, or the coefficient is
 *   negative.
 * @see verl's `apply_kl_penalty`
 */
export function penalizedRewards(
  { rewards, oldLogProbs, referenceLogProbs, mask = rewards.map(() => 1) }: PenalizedTokens,
  coefficient: number,
  { estimator = "k1", limit = null }: KlInRewardOptions = {},
): { readonly rewards: number[]; readonly meanKl: number } {
  const where = "penalizedRewards";
  checkSameLength(where, { rewards, oldLogProbs, referenceLogProbs, mask });
  checkNonNegative(where, { coefficient });
  if (limit !== null) checkPositive(where, { limit });
  const gaps = Float64Array.from(oldLogProbs, (old, token) => old - referenceLogProbs[token]!);
  const estimates = limitedKl(plainOperations, gaps, estimator, limit);
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

/** Options of {@link adaptedKlCoefficient}. */
export interface AdaptiveKlOptions {
  /** The KL that is wanted, nats, `> 0`. */
  readonly target: number;
  /** Over how many samples the coefficient may change by a fifth, `> 0`. */
  readonly horizon: number;
  /** Samples since the last change, `>= 0`. */
  readonly numSamples: number;
}

/**
 * The next coefficient of a KL penalty, larger where the KL exceeds its target:
 * `coefficient * (1 + clip(kl / target - 1, -0.2, 0.2) * numSamples / horizon)`.
 * @returns At least 0.
 * @throws `RangeError` if a number is out of range.
 * @see arXiv:1909.08593
 */
export function adaptedKlCoefficient(
  coefficient: number,
  kl: number,
  { target, horizon, numSamples }: AdaptiveKlOptions,
): number {
  checkNonNegative("adaptedKlCoefficient", { coefficient, numSamples });
  checkFinite("adaptedKlCoefficient", { kl });
  checkPositive("adaptedKlCoefficient", { target, horizon });
  const error = Math.min(0.2, Math.max(-0.2, kl / target - 1));
  return Math.max(0, coefficient * (1 + (error * numSamples) / horizon));
}
