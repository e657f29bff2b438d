import { mean, variance } from "@turnwise/core";
import { checkFraction, checkSeeds } from "./check-arguments.ts";
import { studentQuantile } from "./distributions.ts";
import type { IntervalEstimate, IntervalOptions } from "./interval-estimate.ts";

/** Interval of the difference between two unpaired means. */
export interface WelchInterval extends IntervalEstimate {
  /** Welch-Satterthwaite degrees of freedom, usually not an integer. */
  readonly degreesOfFreedom: number;
}

/**
 * Welch's interval of the difference between the means of two arms that share no seeds (Welch,
 * 1947). For arms with common seeds use {@link tInterval} of their differences, which is shorter if
 * the seed affects both arms alike.
 *
 * @param treatment - One number per seed, `[seed]`; the same for `baseline`, whose length may
 *   differ.
 * @returns Mean of `treatment` minus mean of `baseline`; equal values in both arms give width 0.
 * @throws `RangeError` for fewer than 2 seeds in an arm, a value that is not finite, or a
 *   confidence outside (0, 1).
 */
export function welchInterval(
  treatment: readonly number[],
  baseline: readonly number[],
  { confidence = 0.95 }: IntervalOptions = {},
): WelchInterval {
  checkSeeds("welchInterval", { treatment, baseline });
  checkFraction("welchInterval", { confidence });
  const estimate = mean(treatment) - mean(baseline);
  const [first, second] = [treatment, baseline].map((arm) => ({
    // Squared standard error of the arm's mean.
    squaredError: variance(arm, 1) / arm.length,
    freedom: arm.length - 1,
  })) as [SquaredError, SquaredError];
  const squaredError = first.squaredError + second.squaredError;
  // Normalize the squared errors first: the squares of tiny variances would underflow.
  const share = first.squaredError / squaredError;
  const degreesOfFreedom =
    squaredError === 0
      ? first.freedom + second.freedom
      : 1 / (share ** 2 / first.freedom + (1 - share) ** 2 / second.freedom);
  const margin = studentQuantile((1 + confidence) / 2, degreesOfFreedom) * Math.sqrt(squaredError);
  return {
    estimate,
    low: estimate - margin,
    high: estimate + margin,
    confidence,
    degreesOfFreedom,
  };
}

interface SquaredError {
  readonly squaredError: number;
  readonly freedom: number;
}
