import { checkFinite, checkInteger } from "@turnwise/core";
import { checkFraction } from "./check-arguments.ts";
import { normalQuantile } from "./distributions.ts";
import type { IntervalEstimate, IntervalOptions } from "./interval-estimate.ts";

/**
 * Interval of a Pearson correlation by Fisher's transformation (Fisher, 1921):
 * `tanh(atanh(estimate) ± z / sqrt(numPairs - 3))`. It assumes independent pairs with a bivariate
 * normal distribution.
 *
 * @param estimate - Pearson correlation, in [-1, 1]; at ±1 the interval has no width.
 * @param numPairs - Number of pairs, `>= 4`.
 * @throws `RangeError` for a number out of range.
 *
 * @example
 * correlationInterval(0.63, 64); // { estimate: 0.63, low: 0.4550, high: 0.7580, confidence: 0.95 }
 */
export function correlationInterval(
  estimate: number,
  numPairs: number,
  { confidence = 0.95 }: IntervalOptions = {},
): IntervalEstimate {
  checkFinite("correlationInterval", { estimate });
  if (Math.abs(estimate) > 1) {
    throw new RangeError(`correlationInterval: estimate must be in [-1, 1], got ${estimate}`);
  }
  checkInteger("correlationInterval", { numPairs }, { min: 4 });
  checkFraction("correlationInterval", { confidence });
  const center = Math.atanh(estimate);
  const margin = normalQuantile((1 + confidence) / 2) / Math.sqrt(numPairs - 3);
  return {
    estimate,
    low: Math.tanh(center - margin),
    high: Math.tanh(center + margin),
    confidence,
  };
}
