import { checkInteger, mean, sum, type Random } from "@turnwise/core";
import { checkFraction, checkSeeds } from "./check-arguments.ts";
import { normalCdf, normalQuantile } from "./distributions.ts";
import type { IntervalEstimate, IntervalOptions } from "./interval-estimate.ts";
import { resampleMeans } from "./resample-means.ts";

/** Options of {@link bcaInterval}. */
export interface BcaOptions extends IntervalOptions {
  /** Number of random resamples for more than 8 seeds, where enumeration takes too long, `>= 1000`.
   * Default 10,000. */
  readonly numResamples?: number;
}

/**
 * Bias-corrected and accelerated bootstrap interval of the mean (BCa), over whole seeds.
 *
 * Percentiles of the bootstrap distribution at `Φ(z0 + (z0 + z) / (1 - a (z0 + z)))`, with `z0` the
 * normal quantile of the share of resampled means below the mean (ties count half) and `a` the
 * acceleration of the jackknife. Up to 8 seeds, all resamples are enumerated and the interval is
 * exact; for more seeds, `random` draws resamples.
 *
 * Use it as a secondary interval: below 20 seeds its coverage is less than nominal. `bcaCoverage`
 * gives the simulated coverage for each number of seeds.
 *
 * @param values - One number per seed, `[seed]`: values of one arm, or differences of two. Average
 *   the results of one policy on several task types first, because resampling draws whole seeds.
 * @throws `RangeError` for fewer than 2 seeds, a value that is not finite, or an option out of
 *   range.
 *
 * @see Efron, Better bootstrap confidence intervals, JASA 82 (1987)
 */
export function bcaInterval(
  values: readonly number[],
  random: Random,
  { confidence = 0.95, numResamples = 10_000 }: BcaOptions = {},
): IntervalEstimate {
  checkSeeds("bcaInterval", { values });
  checkFraction("bcaInterval", { confidence });
  checkInteger("bcaInterval", { numResamples }, { min: 1000 });
  const estimate = mean(values);
  const { means, weights } = resampleMeans(values, numResamples, random);
  const z0 = normalQuantile(shareBelow(estimate, means, weights));
  const acceleration = jackknifeAcceleration(values, estimate);
  const percentile = (probability: number): number => {
    const z = z0 + normalQuantile(probability);
    return findQuantile(means, weights, normalCdf(z0 + z / (1 - acceleration * z)));
  };
  const tail = (1 - confidence) / 2;
  return { estimate, low: percentile(tail), high: percentile(1 - tail), confidence };
}

/** Share of means below the estimate; a mean that differs by rounding alone counts half. */
function shareBelow(estimate: number, means: Float64Array, weights: Float64Array): number {
  const rounding = 1e-12 * Math.max(Math.abs(means[0]!), Math.abs(means.at(-1)!));
  let share = 0;
  for (const [i, mean] of means.entries()) {
    if (Math.abs(mean - estimate) <= rounding) share += weights[i]! / 2;
    else if (mean < estimate) share += weights[i]!;
  }
  return share;
}

/** Acceleration: a sixth of the skewness of each seed's influence on the mean. */
function jackknifeAcceleration(values: readonly number[], center: number): number {
  // Leaving seed i out moves the mean by (center - values[i]) / (n - 1): the factor 1 / (n - 1)
  // cancels.
  const squares = sum(values.map((value) => (value - center) ** 2));
  if (squares === 0) return 0;
  return sum(values.map((value) => (value - center) ** 3)) / (6 * squares ** 1.5);
}

/** Smallest mean whose cumulative weight reaches a probability. */
function findQuantile(means: Float64Array, weights: Float64Array, probability: number): number {
  let reached = 0;
  for (let i = 0; i < means.length; i++) {
    reached += weights[i]!;
    if (reached >= probability) return means[i]!;
  }
  return means.at(-1)!;
}
