import { checkFraction, checkSeeds } from "./check-arguments.ts";
import { betaQuantile } from "./distributions.ts";
import type { IntervalEstimate, IntervalOptions } from "./interval-estimate.ts";

/**
 * Probability of improvement, paired: the share of seeds in which the treatment is better, ties
 * counted half, with the exact interval of Clopper and Pearson (1934), whose coverage is never
 * below nominal. Five wins in 5 seeds give [0.48, 1], which still contains 0.5, a coin toss.
 *
 * @param differences - Treatment minus baseline, one number per seed, `[seed]`.
 * @throws `RangeError` for no seeds, a difference that is not finite, or a confidence outside (0,
 *   1).
 *
 * @example
 * improvementProbability([1, 2, -1, 3]); // { estimate: 0.75, low: 0.1941, high: 0.9937, confidence: 0.95 }
 */
export function improvementProbability(
  differences: readonly number[],
  { confidence = 0.95 }: IntervalOptions = {},
): IntervalEstimate {
  checkSeeds("improvementProbability", { differences }, 1);
  checkFraction("improvementProbability", { confidence });
  const n = differences.length;
  let wins = 0;
  for (const difference of differences) wins += difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
  const tail = (1 - confidence) / 2;
  return {
    estimate: wins / n,
    low: wins === 0 ? 0 : betaQuantile(tail, wins, n - wins + 1),
    high: wins === n ? 1 : betaQuantile(1 - tail, wins + 1, n - wins),
    confidence,
  };
}
