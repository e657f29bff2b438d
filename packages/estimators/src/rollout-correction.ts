import { checkNonNegative, mean, sum } from "@turnwise/core";
import { checkSameShape, type Ragged } from "./check-ragged.ts";
import { checkLogProbs } from "./check-log-probs.ts";
import { boundedLogRatio, summarizeLogRatios, type RatioStatistics } from "./ratio-statistics.ts";

/**
 * A rule for tokens whose probability differs between the engine that sampled them and the learner
 * that recomputed it; {@link rolloutCorrections} has those in use.
 */
export interface RolloutCorrectionRule {
  /**
   * Over what the ratio of old to sampler probability is taken: each token; the whole sequence, as a
   * product; or its geometric mean.
   */
  readonly level: "token" | "sequence" | "geometric-mean";
  /** The smallest ratio that is trusted, `>= 0`. Default 0. */
  readonly low?: number;
  /** The largest, `>= low`. */
  readonly high: number;
  /** What a ratio that is trusted weighs: itself, or 1 (a mask only). */
  readonly inside: "ratio" | "one";
  /** What any other weighs: the limit it passed, or nothing. */
  readonly outside: "limit" | "zero";
}

/** The forms in use, with the defaults of the frameworks that are named. */
export const rolloutCorrections: Readonly<
  Record<
    "tokenTruncated" | "sequenceTruncated" | "icePop" | "geometricMask" | "sequenceMask",
    RolloutCorrectionRule
  >
> = {
  /** Token TIS: `min(ratio, 2)` (verl, SkyRL, slime, NeMo-RL, TRL). */
  tokenTruncated: { level: "token", high: 2, inside: "ratio", outside: "limit" },
  /** Sequence TIS: `min(product of ratios, 2)` (verl; SkyRL takes 5). */
  sequenceTruncated: { level: "sequence", high: 2, inside: "ratio", outside: "limit" },
  /** IcePop: tokens outside [0.5, 5] are dropped, others weigh their ratio (verl, NeMo-RL). */
  icePop: { level: "token", low: 0.5, high: 5, inside: "ratio", outside: "zero" },
  /** Sequences whose mean ratio leaves [0.99, 1.01] are dropped (verl, SkyRL, NeMo-RL). */
  geometricMask: { level: "geometric-mean", low: 0.99, high: 1.01, inside: "one", outside: "zero" },
  /** Sequences whose product exceeds 3 are dropped (TRL). */
  sequenceMask: { level: "sequence", high: 3, inside: "one", outside: "zero" },
};

/** What {@link rolloutCorrection} reads, `[sequence][token]`. */
export interface RolloutTokens {
  /** Recomputed by the learner before the update, nats. */
  readonly oldLogProbs: Ragged;
  /** From the engine that sampled, nats. */
  readonly samplerLogProbs: Ragged;
  /** 1 for a token that counts, else 0. Default: all 1. */
  readonly masks?: Ragged;
}

/**
 * How far the engine that sampled and the learner are apart, over all tokens that count. `klK1` and
 * `klK3` estimate KL(sampler || old).
 */
export interface MismatchMetrics extends RatioStatistics {
  /** `mean(ratio)^2 / mean(ratio^2)`, the share of the sample that is effective, in `(0, 1]`. */
  readonly effectiveSampleShare: number;
  /** Share of tokens with a ratio above 2. */
  readonly highTail: number;
  /** Share of tokens with a ratio below 0.5. */
  readonly lowTail: number;
  /** `mean(ratio^2) - 1`. */
  readonly chiSquare: number;
  /** The learner's perplexity over the sampler's, less 1. */
  readonly perplexityGap: number;
}

/** What {@link rolloutCorrection} gives. */
export interface RolloutCorrection {
  /**
   * By what a token's weight is multiplied, `[sequence][token]`; 0 at masked tokens. A framework
   * that also takes dropped tokens out of its denominator (verl's masks) computes its aggregation
   * over `isKept`; one that keeps them there (AReaL) does not.
   */
  readonly weights: number[][];
  /** Whether a token takes part in the loss, `[sequence][token]`. */
  readonly isKept: boolean[][];
  /** Share of counted tokens that were dropped, and whose ratio was limited. */
  readonly droppedShare: number;
  readonly limitedShare: number;
  readonly mismatch: MismatchMetrics;
}

/**
 * Weighs tokens for the difference between sampler and learner by
 * `ratio = exp(old - sampler)`, log-ratios limited to [-20, 20].
 *
 * @returns Weights of 1 where both agree, whatever the rule.
 * @throws `RangeError` if shapes differ, a log-prob that counts is positive or not finite, or a
 *   bound is out of range.
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
    const ratioOfRow = ratioOver(level, counted);
    return row.map((own, token) => {
      if (!isCounted(index, token)) return 0;
      const ratio = level === "token" ? boundedRatio(own) : ratioOfRow;
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

function boundedRatio(logRatio: number): number {
  return Math.exp(boundedLogRatio(logRatio));
}

function ratioOver(level: RolloutCorrectionRule["level"], logRatios: readonly number[]): number {
  if (logRatios.length === 0) return 1;
  return boundedRatio(level === "sequence" ? sum(logRatios) : mean(logRatios));
}

/**
 * How far the engine that sampled and the learner disagree about what was sampled, by
 * `ratio = exp(old - sampler)`, log-ratios limited to [-20, 20].
 * @throws As {@link rolloutCorrection}.
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
      masks[index]![token] === 0 ? [] : [boundedLogRatio(old - samplerLogProbs[index]![token]!)],
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
  /** The largest mean of `sampler - new` over a sequence that is still trusted, nats, `>= 0`. */
  readonly maxGap: number;
}

/**
 * Which sequences stay in the loss by the rule of DeepSeek-V3.2: one with a negative advantage is
 * dropped where the present policy has moved far from what sampled it,
 * `mean(sampler - new) > maxGap`.
 *
 * @param advantages - `[sequence]`.
 * @param newLogProbs - `[sequence][token]`, nats.
 * @param samplerLogProbs - Same shape.
 * @returns `[sequence]`; a sequence without tokens stays.
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
