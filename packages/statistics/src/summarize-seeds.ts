import { mean, variance } from "@turnwise/core";
import { checkSeeds } from "./check-arguments.ts";

/** Location and spread of one number per seed. */
export interface SeedSummary {
  readonly numSeeds: number;
  readonly mean: number;
  /** Sample standard deviation (divisor `numSeeds - 1`). */
  readonly standardDeviation: number;
  /** Middle value; for an even number of seeds the mean of the two middle values. */
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Mean, sample standard deviation, median and range over seeds.
 * @param values - One number per seed, `[seed]`.
 * @throws `RangeError` for fewer than 2 seeds or a value that is not finite.
 *
 * @example
 * summarizeSeeds([1, 2, 6]); // { numSeeds: 3, mean: 3, standardDeviation: 2.6458, median: 2, min: 1, max: 6 }
 */
export function summarizeSeeds(values: readonly number[]): SeedSummary {
  checkSeeds("summarizeSeeds", { values });
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return {
    numSeeds: values.length,
    mean: mean(values),
    standardDeviation: Math.sqrt(variance(values, 1)),
    median: sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2,
    min: sorted[0]!,
    max: sorted.at(-1)!,
  };
}
