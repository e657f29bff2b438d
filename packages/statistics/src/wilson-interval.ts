import { checkInteger } from "@turnwise/core";
import { checkFraction } from "./check-arguments.ts";
import { normalQuantile } from "./distributions.ts";
import type { IntervalEstimate, IntervalOptions } from "./interval-estimate.ts";

/**
 * Wilson's score interval of one success rate over independent episodes (Wilson, 1927). It
 * describes one policy on more tasks like these; it does not include the variation between training
 * seeds.
 *
 * @param numSolved - Number of successes, `0 <= numSolved <= numTasks`.
 * @param numTasks - Number of graded episodes, `>= 1`.
 * @throws `RangeError` for a count or a confidence out of range.
 *
 * @example
 * wilsonInterval(8, 10); // { estimate: 0.8, low: 0.4902, high: 0.9433, confidence: 0.95 }
 */
export function wilsonInterval(
  numSolved: number,
  numTasks: number,
  { confidence = 0.95 }: IntervalOptions = {},
): IntervalEstimate {
  checkInteger("wilsonInterval", { numTasks }, { min: 1 });
  checkInteger("wilsonInterval", { numSolved }, { min: 0, max: numTasks });
  checkFraction("wilsonInterval", { confidence });
  return computeScoreInterval(numSolved / numTasks, numTasks, confidence);
}

/**
 * Wilson's score interval for a rate in [0, 1] and a number of episodes that need not be an
 * integer.
 * @param numTasks - Number of independent episodes, `> 0`.
 */
export function computeScoreInterval(
  estimate: number,
  numTasks: number,
  confidence: number,
): IntervalEstimate {
  const z = normalQuantile((1 + confidence) / 2);
  const shrinkage = 1 + z ** 2 / numTasks;
  const center = (estimate + z ** 2 / (2 * numTasks)) / shrinkage;
  const spread = (estimate * (1 - estimate)) / numTasks + z ** 2 / (4 * numTasks ** 2);
  const margin = (z * Math.sqrt(spread)) / shrinkage;
  // With 0 successes or only successes, one end equals the estimate; clamp the end, because rounding
  // could move it beyond the estimate.
  return {
    estimate,
    low: estimate === 0 ? 0 : center - margin,
    high: estimate === 1 ? 1 : center + margin,
    confidence,
  };
}
