import { checkInteger, mean, sum, variance } from "@turnwise/core";
import { checkFraction, checkSeeds } from "./check-arguments.ts";
import { chiSquareCdf, normalCdf } from "./distributions.ts";
import { findRoot } from "./find-root.ts";
import { simpsonRule } from "./simpson.ts";

/** Options of {@link toleranceInterval} and {@link toleranceFactor}. */
export interface ToleranceOptions {
  /** Share of all seeds that the interval must contain, in (0, 1). Default 0.9. */
  readonly content?: number;
  /** Probability that the interval contains that share, in (0, 1). Default 0.95. */
  readonly confidence?: number;
}

/** Interval that contains a share of all seeds with a given confidence. */
export interface ToleranceInterval {
  readonly low: number;
  readonly high: number;
  readonly content: number;
  readonly confidence: number;
  /** Half the interval's width in sample standard deviations. */
  readonly factor: number;
}

/**
 * Range in which a run with a new seed falls: `mean ± k * s`, a normal tolerance interval. With
 * probability `confidence` it contains at least `content` of all seeds. It describes single runs,
 * and unlike an interval of the mean it does not shrink to a point with more seeds.
 *
 * @param values - One number per seed, `[seed]`, assumed normal over seeds. For rates, the ends are
 *   not clipped to [0, 1].
 * @throws `RangeError` for fewer than 2 seeds, a value that is not finite, or an option outside (0,
 *   1).
 *
 * @see {@link toleranceFactor}
 */
export function toleranceInterval(
  values: readonly number[],
  { content = 0.9, confidence = 0.95 }: ToleranceOptions = {},
): ToleranceInterval {
  checkSeeds("toleranceInterval", { values });
  const factor = toleranceFactor(values.length, { content, confidence });
  const center = mean(values);
  const margin = factor * Math.sqrt(variance(values, 1));
  return { low: center - margin, high: center + margin, content, confidence, factor };
}

/**
 * Exact factor `k` of the two-sided normal tolerance interval: the solution of
 * `E[P(χ²(n - 1) >= (n - 1) r(z)² / k²)] = confidence` over `z ~ N(0, 1 / n)`, the error of the
 * sample mean, with `r(z)` the half width around `z` that contains `content` of a standard normal.
 *
 * @param numSeeds - Number of seeds, `>= 2`.
 * @throws `RangeError` for fewer than 2 seeds or an option outside (0, 1).
 *
 * @example
 * toleranceFactor(10, { content: 0.9, confidence: 0.95 }); // 2.856
 *
 * @see Wald and Wolfowitz, Ann. Math. Statist. 17 (1946); ISO 16269-6, table of exact factors
 */
export function toleranceFactor(
  numSeeds: number,
  { content = 0.9, confidence = 0.95 }: ToleranceOptions = {},
): number {
  checkInteger("toleranceFactor", { numSeeds }, { min: 2 });
  checkFraction("toleranceFactor", { content, confidence });
  const freedom = numSeeds - 1;
  // The integrand is symmetric in z, so half of the range is enough; 9 standard errors contain all
  // but 1e-19.
  const points = simpsonRule(0, 9 / Math.sqrt(numSeeds), 100).map(({ x, weight }) => ({
    squaredHalfWidth: halfWidth(x, content) ** 2,
    weight: 2 * weight * Math.sqrt(numSeeds / (2 * Math.PI)) * Math.exp((-numSeeds * x ** 2) / 2),
  }));
  const confidenceAt = (factor: number): number =>
    sum(
      points.map(({ squaredHalfWidth, weight }) => {
        const chiSquare = (freedom * squaredHalfWidth) / factor ** 2;
        return weight * (1 - chiSquareCdf(chiSquare, freedom));
      }),
    );
  return findRoot(confidenceAt, confidence, 0, 4);
}

/** Half width of the interval around `center` that contains a share of a standard normal. */
function halfWidth(center: number, content: number): number {
  const contentAt = (half: number): number => normalCdf(center + half) - normalCdf(center - half);
  return findRoot(contentAt, content, 0, center + 8);
}
