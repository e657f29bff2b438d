import { checkFinite, checkInteger, checkPositive, sum } from "@turnwise/core";
import { checkFraction } from "./check-arguments.ts";
import { normalCdf, studentQuantile } from "./distributions.ts";
import { findRoot } from "./find-root.ts";
import { simpsonRule } from "./simpson.ts";

/** Options of {@link pairedPower}. */
export interface PowerOptions {
  /** Significance level of the two-sided test, in [0.001, 1). Default 0.05. */
  readonly level?: number;
}

/** Options of {@link detectableEffect} and {@link countSeedsNeeded}. */
export interface PlanningOptions extends PowerOptions {
  /** Probability of detecting the effect, in (`level`, 1). Default 0.8. */
  readonly power?: number;
}

/**
 * Power of the two-sided paired t test: the probability that the interval of {@link tInterval}
 * excludes 0, for normal differences. It is the probability that a noncentral t with `n - 1` degrees
 * of freedom and noncentrality `effect * sqrt(n)` lies beyond the critical value, integrated over the
 * distribution of the sample standard deviation (absolute error below 1e-9).
 *
 * @param effect - Mean of the differences in units of their standard deviation over seeds.
 * @param numSeeds - Number of paired seeds, `>= 2`.
 * @throws `RangeError` for an effect that is not finite, fewer than 2 seeds, or a level out of range.
 *
 * @example
 * pairedPower(1, 5); // 0.4014
 * pairedPower(1, 10); // 0.8031
 */
export function pairedPower(
  effect: number,
  numSeeds: number,
  { level = 0.05 }: PowerOptions = {},
): number {
  checkFinite("pairedPower", { effect });
  checkInteger("pairedPower", { numSeeds }, { min: 2 });
  checkLevel("pairedPower", level);
  const freedom = numSeeds - 1;
  const critical = studentQuantile(1 - level / 2, freedom);
  const noncentrality = effect * Math.sqrt(numSeeds);
  const powerGiven = (spread: number): number =>
    normalCdf(noncentrality - critical * spread) + normalCdf(-noncentrality - critical * spread);
  // Beyond this standard deviation the power or the density is negligible.
  const reach = (Math.abs(noncentrality) + 9) / critical;
  const low = Math.max(0, 1 - 9 / Math.sqrt(freedom));
  const high = 1 + 9 / Math.sqrt(freedom);
  // The integrand falls from 1 to 0 over a width of a few `1 / critical`.
  const numIntervals = 2 * Math.max(500, Math.ceil(2 * critical * (high - low)));
  const integrate = (value: (spread: number) => number, end: number): number =>
    sum(
      simpsonRule(low, end, numIntervals).map(
        ({ x, weight }) => weight * spreadDensity(x, freedom) * value(x),
      ),
    );
  if (reach <= low) return 0;
  return integrate(powerGiven, Math.min(high, reach)) / integrate(() => 1, high);
}

/**
 * Density of the sample standard deviation of standard normal differences,
 * `sqrt(χ²(freedom) / freedom)`, relative to the density at 1; the ratio needs no gamma function.
 */
function spreadDensity(spread: number, freedom: number): number {
  const logPower = freedom === 1 ? 0 : (freedom - 1) * Math.log(spread);
  return Math.exp(logPower - (freedom * (spread ** 2 - 1)) / 2);
}

/**
 * Smallest effect that a paired t test detects with a given power, in standard deviations of the
 * differences. Multiply by that standard deviation to get the effect in the metric's unit.
 *
 * @param numSeeds - Number of paired seeds, `>= 2`.
 * @throws `RangeError` for fewer than 2 seeds, or options out of range.
 *
 * @example
 * detectableEffect(10); // 0.9960
 */
export function detectableEffect(
  numSeeds: number,
  { level = 0.05, power = 0.8 }: PlanningOptions = {},
): number {
  checkPlan("detectableEffect", level, power);
  return findRoot((effect) => pairedPower(effect, numSeeds, { level }), power, 0, 4);
}

/** Limit of {@link countSeedsNeeded}; larger studies are impractical. */
const maxSeeds = 2 ** 20;

/**
 * Smallest number of paired seeds with which a paired t test detects an effect with a given power.
 *
 * @param effect - Mean of the differences in units of their standard deviation over seeds, not 0.
 * @returns At least 2.
 * @throws `RangeError` for an effect that is 0, not finite or so small that 2^20 seeds do not detect it,
 *   or options out of range.
 *
 * @example
 * countSeedsNeeded(1); // 10
 */
export function countSeedsNeeded(
  effect: number,
  { level = 0.05, power = 0.8 }: PlanningOptions = {},
): number {
  checkPositive("countSeedsNeeded", { effect: Math.abs(effect) });
  checkPlan("countSeedsNeeded", level, power);
  const isEnough = (numSeeds: number): boolean => pairedPower(effect, numSeeds, { level }) >= power;
  let [below, enough] = [1, 2];
  while (!isEnough(enough)) {
    [below, enough] = [enough, 2 * enough];
    if (enough > maxSeeds) {
      throw new RangeError(
        `countSeedsNeeded: effect must be detectable with ${maxSeeds} seeds, got ${effect}`,
      );
    }
  }
  while (enough - below > 1) {
    const middle = Math.floor((below + enough) / 2);
    if (isEnough(middle)) enough = middle;
    else below = middle;
  }
  return enough;
}

function checkPlan(where: string, level: number, power: number): void {
  checkLevel(where, level);
  checkFraction(where, { power });
  if (power <= level) {
    throw new RangeError(`${where}: power must be > level (${level}), got ${power}`);
  }
}

function checkLevel(where: string, level: number): void {
  if (!(level >= 0.001 && level < 1)) {
    throw new RangeError(`${where}: level must be in [0.001, 1), got ${level}`);
  }
}
