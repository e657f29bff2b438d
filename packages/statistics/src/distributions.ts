import stdlibBetaQuantile from "@stdlib/stats-base-dists-beta-quantile";
import stdlibChiSquareCdf from "@stdlib/stats-base-dists-chisquare-cdf";
import stdlibChiSquareQuantile from "@stdlib/stats-base-dists-chisquare-quantile";
import stdlibNormalCdf from "@stdlib/stats-base-dists-normal-cdf";
import stdlibNormalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import stdlibStudentQuantile from "@stdlib/stats-base-dists-t-quantile";

/** Probability that a standard normal variable is at most `x`. */
export function normalCdf(x: number): number {
  return stdlibNormalCdf(x, 0, 1);
}

/** Quantile of the standard normal distribution, for a probability in [0, 1]. */
export function normalQuantile(probability: number): number {
  return stdlibNormalQuantile(probability, 0, 1);
}

/** Quantile of Student's t distribution. @param freedom - Degrees of freedom, > 0. */
export function studentQuantile(probability: number, freedom: number): number {
  return stdlibStudentQuantile(probability, freedom);
}

/**
 * Probability that a chi-square variable is at most `x`.
 * @param freedom - Degrees of freedom, > 0.
 */
export function chiSquareCdf(x: number, freedom: number): number {
  return stdlibChiSquareCdf(x, freedom);
}

/** Quantile of the chi-square distribution. @param freedom - Degrees of freedom, > 0. */
export function chiSquareQuantile(probability: number, freedom: number): number {
  return stdlibChiSquareQuantile(probability, freedom);
}

/** Quantile of the beta distribution. @param a, b - Shape parameters, > 0. */
export function betaQuantile(probability: number, a: number, b: number): number {
  return stdlibBetaQuantile(probability, a, b);
}
