import { mean, variance } from "@turnwise/core";
import { checkFraction, checkSeeds } from "./check-arguments.ts";
import { studentQuantile } from "./distributions.ts";
import type { IntervalEstimate, IntervalOptions } from "./interval-estimate.ts";

/**
 * Student's t interval of the mean over seeds: `mean ± t * s / sqrt(n)`, with `s` the sample
 * standard deviation and `t` the quantile for `n - 1` degrees of freedom (Student, 1908).
 *
 * For paired differences this is the paired t interval, the primary interval of a study: exact for
 * normal differences at every `n >= 2`, and close to exact if the noise of both arms has the same
 * shape.
 *
 * @param values - One number per seed, `[seed]`: values of one arm, or differences of two.
 * @returns The mean and its interval; equal values give an interval of width 0.
 * @throws `RangeError` for fewer than 2 seeds, a value that is not finite, or a confidence outside
 *   (0, 1).
 *
 * @example
 * tInterval([1, 2, 6]); // { estimate: 3, low: -3.5724, high: 9.5724, confidence: 0.95 }
 */
export function tInterval(
  values: readonly number[],
  { confidence = 0.95 }: IntervalOptions = {},
): IntervalEstimate {
  checkSeeds("tInterval", { values });
  checkFraction("tInterval", { confidence });
  const estimate = mean(values);
  const standardError = Math.sqrt(variance(values, 1) / values.length);
  const margin = studentQuantile((1 + confidence) / 2, values.length - 1) * standardError;
  return { estimate, low: estimate - margin, high: estimate + margin, confidence };
}
