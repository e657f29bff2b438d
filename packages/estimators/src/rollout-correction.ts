import { checkNonNegative, mean, sum } from "@turnwise/core";
import { checkSameShape, type Ragged } from "./check-ragged.ts";
import { checkLogProbs } from "./check-log-probs.ts";
import { boundLogRatio, summarizeLogRatios, type RatioStatistics } from "./ratio-statistics.ts";

/**
 * Rule for tokens whose probability differs between the sampler and the learner;
 * {@link rolloutCorrections} lists common rules.
 */
export interface RolloutCorrectionRule {
  /**
   * Level of the ratio of old to sampler probability: per token; the product over the sequence; or
   * the geometric mean over the sequence.
   */
  readonly level: "token" | "sequence" | "geometric-mean";
  /** Lower bound of trusted ratios, `>= 0`. Default 0. */
  readonly low?: number;
  /** Upper bound of trusted ratios, `>= low`. */
  readonly high: number;
  /** Weight of a trusted ratio: the ratio itself, or 1 (only masks). */
  readonly inside: "ratio" | "one";
  /** Weight of an untrusted ratio: the exceeded bound, or 0. */
  readonly outside: "limit" | "zero";
}

/** Common rules, with the defaults of the named frameworks. */
export const rolloutCorrections: Readonly<
  Record<
    "tokenTruncated" | "sequenceTruncated" | "icePop" | "geometricMask" | "sequenceMask",
    RolloutCorrectionRule
  >
> = {
  /** Token TIS: `min(ratio, 2)` (verl, SkyRL, slime, NeMo-RL, TRL). */
  tokenTruncated: { level: "token", high: 2, inside: "ratio", outside: "limit" },
  /** Sequence TIS: `min(product of ratios, 2)` (verl; SkyRL uses 5). */
  sequenceTruncated: { level: "sequence", high: 2, inside: "ratio", outside: "limit" },
  /**
   * IcePop: tokens with a ratio outside [0.5, 5] are dropped, all others are weighted by their
   * ratio (verl, NeMo-RL).
   */
  icePop: { level: "token", low: 0.5, high: 5, inside: "ratio", outside: "zero" },
  /** Drops sequences whose geometric mean ratio is outside [0.99, 1.01] (verl, SkyRL, NeMo-RL). */
  geometricMask: { level: "geometric-mean", low: 0.99, high: 1.01, inside: "one", outside: "zero" },
  /** Drops sequences whose product of ratios exceeds 3 (TRL). */
  sequenceMask: { level: "sequence", high: 3, inside: "one", outside: "zero" },
};

/** Input of {@link rolloutCorrection}, `[sequence][token]`. */
export interface RolloutTokens {
  /** Log-probs of the learner before the update, nats. */
  readonly oldLogProbs: Ragged;
  /** Log-probs of the sampler, nats. */
  readonly samplerLogProbs: Ragged;
  /** 1 for counted tokens, else 0. Default: all 1. */
  readonly masks?: Ragged;
}

/**
 * Difference between the sampler and the learner over all counted tokens. `klK1` and `klK3`
 * estimate KL(sampler || old).
 */
export interface MismatchMetrics extends RatioStatistics {
  /** Effective sample size as a share, `mean(ratio)^2 / mean(ratio^2)`, in `(0, 1]`. */
  readonly effectiveSampleShare: number;
  /** Share of tokens with a ratio above 2. */
  readonly highTail: number;
  /** Share of tokens with a ratio below 0.5. */
  readonly lowTail: number;
  /** `mean(ratio^2) - 1`. */
  readonly chiSquare: number;
  /** Ratio of the learner's perplexity to the sampler's, minus 1. */
  readonly perplexityGap: number;
}

/** Result of {@link rolloutCorrection}. */
export interface RolloutCorrection {
  /**
   * Factor of each token's weight, `[sequence][token]`; 0 at masked tokens. To exclude dropped
   * tokens from the denominator too (verl's masks), aggregate over `isKept`; otherwise (AReaL)
   * aggregate over all counted tokens.
   */
  readonly weights: number[][];
  /** False for dropped tokens, `[sequence][token]`. */
  readonly isKept: boolean[][];
  /** Share of counted tokens that were dropped; `limitedShare`: share whose ratio was clipped. */
  readonly droppedShare: number;
  readonly limitedShare: number;
  readonly mismatch: MismatchMetrics;
}

/**
 * Computes token weights that correct for differences between sampler and learner, from `ratio =
 * exp(old - sampler)` with log-ratios limited to [-20, 20].
 *
 * @returns All weights are 1 if sampler and learner agree, whatever the rule.
 * @throws `RangeError` if shapes differ, a counted log-prob is positive or not finite, or a bound
 *   is out of range.
 * @see arXiv:2510.18855 (IcePop); verl's rollout correction
 */
export function rolloutCorrection(
  {
    oldLogProbs,
    samplerLogProbs,
    masks = oldLogProbs.map((row) => row.map(() => 1)),
  }: RolloutTokens,
  { level, low = 0, high, inside, outside }: RolloutCorrectionRule,
): RolloutCorrection {
  const where = "rolloutCorrection";
  checkSameShape(where, { oldLogProbs, samplerLogProbs, masks });
  checkLogProbs(where, { oldLogProbs, samplerLogProbs }, masks);
  checkNonNegative(where, { low, high });
  if (high < low) throw new RangeError(`${where}: high must be >= low (${low}), got ${high}`);

  const isCounted = (row: number, token: number): boolean => masks[row]![token] !== 0;
  let numCounted = 0;
  let numDropped = 0;
  let numLimited = 0;
  const logRatios = oldLogProbs.map((row, index) =>
    row.map((old, token) => (isCounted(index, token) ? old - samplerLogProbs[index]![token]! : 0)),
  );
  const isKept = oldLogProbs.map((row) => row.map(() => false));
  const weights = logRatios.map((row, index) => {
    const counted = row.filter((_, token) => isCounted(index, token));
    const ratioOfRow = computeRatio(level, counted);
    return row.map((own, token) => {
      if (!isCounted(index, token)) return 0;
      const ratio = level === "token" ? boundRatio(own) : ratioOfRow;
      const isTrusted = ratio >= low && ratio <= high;
      numCounted++;
      if (!isTrusted && outside === "zero") {
        numDropped++;
        return 0;
      }
      isKept[index]![token] = true;
      if (isTrusted) return inside === "ratio" ? ratio : 1;
      numLimited++;
      return ratio < low ? low : high;
    });
  });
  return {
    weights,
    isKept,
    droppedShare: numCounted === 0 ? 0 : numDropped / numCounted,
    limitedShare: numCounted === 0 ? 0 : numLimited / numCounted,
    mismatch: mismatchMetrics({ oldLogProbs, samplerLogProbs, masks }),
  };
}

function boundRatio(logRatio: number): number {
  return Math.exp(boundLogRatio(logRatio));
}

function computeRatio(level: RolloutCorrectionRule["level"], logRatios: readonly number[]): number {
  if (logRatios.length === 0) return 1;
  return boundRatio(level === "sequence" ? sum(logRatios) : mean(logRatios));
}

/**
 * Measures the difference between sampler and learner on sampled tokens, from `ratio = exp(old -
 * sampler)` with log-ratios limited to [-20, 20].
 * @throws Errors of {@link rolloutCorrection}.
 */
export function mismatchMetrics({
  oldLogProbs,
  samplerLogProbs,
  masks = oldLogProbs.map((row) => row.map(() => 1)),
}: RolloutTokens): MismatchMetrics {
  const where = "mismatchMetrics";
  checkSameShape(where, { oldLogProbs, samplerLogProbs, masks });
  checkLogProbs(where, { oldLogProbs, samplerLogProbs }, masks);
  const logRatios = oldLogProbs.flatMap((row, index) =>
    row.flatMap((old, token) =>
      masks[index]![token] === 0 ? [] : [boundLogRatio(old - samplerLogProbs[index]![token]!)],
    ),
  );
  const statistics = summarizeLogRatios(logRatios);
  const { meanRatio, klK1 } = statistics;
  const ratios = logRatios.length === 0 ? [1] : logRatios.map(Math.exp);
  const meanSquare = mean(ratios.map((ratio) => ratio * ratio));
  return {
    ...statistics,
    effectiveSampleShare: (meanRatio * meanRatio) / meanSquare,
    highTail: ratios.filter((ratio) => ratio > 2).length / ratios.length,
    lowTail: ratios.filter((ratio) => ratio < 0.5).length / ratios.length,
    chiSquare: meanSquare - 1,
    perplexityGap: Math.expm1(klK1),
  };
}

/** Options of {@link offPolicyMask}. */
export interface OffPolicyMaskOptions {
  /** Maximum mean of `sampler - new` over a sequence that is not dropped, nats, `>= 0`. */
  readonly maxGap: number;
}

/**
 * Selects the sequences that stay in the loss by the rule of DeepSeek-V3.2: a sequence with a
 * negative advantage is dropped if the current policy is far from the sampler,
 * `mean(sampler - new) > maxGap`.
 *
 * @param advantages - `[sequence]`.
 * @param newLogProbs - `[sequence][token]`, nats.
 * @param samplerLogProbs - Same shape.
 * @returns True for each sequence that stays, `[sequence]`; a sequence without tokens stays.
 * @throws `RangeError` if shapes differ or a number is out of range.
 * @see TRL's and slime's off-policy masks
 */
export function offPolicyMask(
  advantages: readonly number[],
  newLogProbs: Ragged,
  samplerLogProbs: Ragged,
  { maxGap }: OffPolicyMaskOptions,
): boolean[] {
  const where = "offPolicyMask";
  checkSameShape(where, { newLogProbs, samplerLogProbs });
  checkSameShape(where, { newLogProbs: [newLogProbs.map(() => 0)], advantages: [advantages] });
  checkLogProbs(where, { newLogProbs, samplerLogProbs });
  checkNonNegative(where, { maxGap });
  return advantages.map((advantage, index) => {
    const row = newLogProbs[index]!;
    if (!(advantage < 0) || row.length === 0) return true;
    return mean(row.map((logProb, token) => samplerLogProbs[index]![token]! - logProb)) <= maxGap;
  });
}
