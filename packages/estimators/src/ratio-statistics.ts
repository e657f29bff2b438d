import { mean } from "@turnwise/core";
import { checkSameShape, type Ragged } from "./check-ragged.ts";
import { checkLogProbs } from "./check-log-probs.ts";

/**
 * Difference between two policies on tokens that one of them sampled. Without tokens, ratios are 1
 * and divergences 0.
 */
export interface RatioStatistics {
  readonly meanRatio: number;
  readonly minRatio: number;
  readonly maxRatio: number;
  /** KL(denominator || numerator) of the ratio's two policies, k1 estimator, nats per token. */
  readonly klK1: number;
  /** KL by the k3 estimator, never negative. */
  readonly klK3: number;
}

/**
 * Computes statistics of `exp(new - old)`, with log-ratios limited to [-20, 20]; `klK1` and `klK3`
 * estimate KL(old || new). The maximum ratio is computed here because it cannot be a metric of an
 * objective, which must add up over microbatches.
 *
 * @param newLogProbs - `[response][token]`, nats.
 * @param oldLogProbs - Log-probs of the same shape.
 * @throws `RangeError` if shapes differ or a log-prob is positive or not finite.
 */
export function ratioStatistics(newLogProbs: Ragged, oldLogProbs: Ragged): RatioStatistics {
  checkSameShape("ratioStatistics", { newLogProbs, oldLogProbs });
  checkLogProbs("ratioStatistics", { newLogProbs, oldLogProbs });
  return summarizeLogRatios(
    newLogProbs.flatMap((row, index) =>
      row.map((logProb, token) => boundLogRatio(logProb - oldLogProbs[index]![token]!)),
    ),
  );
}

/** Limits a log-ratio to [-20, 20], so that its exponential neither overflows nor vanishes. */
export function boundLogRatio(logRatio: number): number {
  return Math.min(20, Math.max(-20, logRatio));
}

/** Computes statistics of the exponentials of bounded log-ratios. */
export function summarizeLogRatios(logRatios: readonly number[]): RatioStatistics {
  if (logRatios.length === 0) {
    return { meanRatio: 1, minRatio: 1, maxRatio: 1, klK1: 0, klK3: 0 };
  }
  const ratios = logRatios.map(Math.exp);
  return {
    meanRatio: mean(ratios),
    minRatio: ratios.reduce((a, b) => Math.min(a, b)),
    maxRatio: ratios.reduce((a, b) => Math.max(a, b)),
    klK1: 0 - mean(logRatios),
    // Math.expm1 avoids the cancellation in `ratio - 1` near a ratio of 1.
    klK3: mean(logRatios.map((logRatio) => Math.max(0, Math.expm1(logRatio) - logRatio))),
  };
}
