import { mean } from "@turnwise/core";
import { checkSameShape, type Ragged } from "./check-ragged.ts";
import { checkLogProbs } from "./check-log-probs.ts";

/**
 * How far apart two policies are on what one of them sampled, over all tokens. With no token at
 * all, ratios are 1 and divergences 0.
 */
export interface RatioStatistics {
  readonly meanRatio: number;
  readonly minRatio: number;
  readonly maxRatio: number;
  /** KL from the policy below the ratio's line to the one above, by k1, nats per token. */
  readonly klK1: number;
  /** The same by k3, never below 0. */
  readonly klK3: number;
}

/**
 * Statistics of `exp(new - old)`, log-ratios limited to [-20, 20]; `klK1` and `klK3` estimate
 * KL(old || new). What an objective reports adds up over microbatches; a largest ratio does not,
 * and is found here.
 *
 * @param newLogProbs - `[response][token]`, nats.
 * @param oldLogProbs - Same shape.
 * @throws `RangeError` if shapes differ or a log-prob is positive or not finite.
 */
export function ratioStatistics(newLogProbs: Ragged, oldLogProbs: Ragged): RatioStatistics {
  checkSameShape("ratioStatistics", { newLogProbs, oldLogProbs });
  checkLogProbs("ratioStatistics", { newLogProbs, oldLogProbs });
  return summarizeLogRatios(
    newLogProbs.flatMap((row, index) =>
      row.map((logProb, token) => boundedLogRatio(logProb - oldLogProbs[index]![token]!)),
    ),
  );
}

/** A log-ratio in [-20, 20]: its exponential neither overflows nor vanishes. */
export function boundedLogRatio(logRatio: number): number {
  return Math.min(20, Math.max(-20, logRatio));
}

/** Statistics of the exponentials of bounded log-ratios. */
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
    // Math.expm1 keeps what `ratio - 1` would lose near a ratio of 1.
    klK3: mean(logRatios.map((logRatio) => Math.max(0, Math.expm1(logRatio) - logRatio))),
  };
}
