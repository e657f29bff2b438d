import { checkInteger, checkNonNegative, checkSameLength, mean, variance } from "@turnwise/core";
import { checkFraction, checkSeeds } from "./check-arguments.ts";
import { chiSquareQuantile } from "./distributions.ts";
import type { IntervalOptions } from "./interval-estimate.ts";

/**
 * Variance of a success rate due to the finite number of evaluated tasks, with one episode each:
 * `r (1 - r) / (n - 1)`, an unbiased estimate of `p (1 - p) / n`. If all policies play the same
 * tasks it is an upper bound, because tasks of unequal difficulty add less variance.
 *
 * @param numSolved - Number of successes, `0 <= numSolved <= numTasks`.
 * @param numTasks - Number of graded episodes, `>= 2`.
 * @throws `RangeError` for a count out of range.
 */
export function rateVariance(numSolved: number, numTasks: number): number {
  checkInteger("rateVariance", { numTasks }, { min: 2 });
  checkInteger("rateVariance", { numSolved }, { min: 0, max: numTasks });
  const rate = numSolved / numTasks;
  return (rate * (1 - rate)) / (numTasks - 1);
}

/** Outcomes of two policies on the same tasks, one episode each. */
export interface PairedOutcomes {
  /** Number of tasks that only the treatment solved. */
  readonly onlyTreatment: number;
  /** Number of tasks that only the baseline solved. */
  readonly onlyBaseline: number;
  /** Number of tasks on which both were graded, `>= 2`. */
  readonly numTasks: number;
}

/**
 * Variance of the difference between the success rates of two policies on the same tasks, due to
 * the finite number of tasks: `(d - (b - c)² / n) / (n (n - 1))` with `d = b + c` discordant tasks
 * (McNemar, 1947). Tasks that both solve or both fail add nothing.
 *
 * @throws `RangeError` for a count out of range.
 */
export function pairedRateVariance(outcomes: PairedOutcomes): number {
  const { onlyTreatment, onlyBaseline, numTasks } = outcomes;
  checkInteger("pairedRateVariance", { numTasks }, { min: 2 });
  checkInteger("pairedRateVariance", { onlyTreatment }, { min: 0, max: numTasks });
  checkInteger("pairedRateVariance", { onlyBaseline }, { min: 0, max: numTasks - onlyTreatment });
  const net = onlyTreatment - onlyBaseline;
  return (onlyTreatment + onlyBaseline - net ** 2 / numTasks) / (numTasks * (numTasks - 1));
}

/** Standard deviations over seeds by source, in the unit of the values. */
export interface VarianceComponents {
  /** Sample standard deviation of the measured values. */
  readonly total: number;
  /** Due to the evaluation's finite number of tasks; more tasks reduce it. */
  readonly evaluation: number;
  /**
   * Due to training: `sqrt(total² - evaluation²)`, 0 if the evaluation explains all. More seeds
   * reduce its effect on a mean.
   */
  readonly training: number;
  /** Interval of `training`, from the chi-square interval of the total variance. */
  readonly trainingLow: number;
  readonly trainingHigh: number;
  readonly confidence: number;
}

/**
 * Separates the noise of an evaluation from the spread between trained policies. A measured value
 * is the policy's true value plus an independent error of its evaluation, so the variances add; the
 * variance of the evaluation is treated as known, which needs hundreds of tasks.
 *
 * @param values - One number per seed, `[seed]`: rates of one arm, or differences of two.
 * @param evaluationVariances - Variance of the error of each value, `[seed]`, from {@link
 *   rateVariance} or {@link pairedRateVariance}.
 * @throws `RangeError` for fewer than 2 seeds, lengths that differ, a number that is not finite or
 *   a negative variance, or a confidence outside (0, 1).
 */
export function varianceComponents(
  values: readonly number[],
  evaluationVariances: readonly number[],
  { confidence = 0.95 }: IntervalOptions = {},
): VarianceComponents {
  checkSameLength("varianceComponents", { values, evaluationVariances });
  checkSeeds("varianceComponents", { values });
  checkNonNegative("varianceComponents", { evaluationVariances });
  checkFraction("varianceComponents", { confidence });
  const total = variance(values, 1);
  const evaluation = mean(evaluationVariances);
  const freedom = values.length - 1;
  const trainingOf = (whole: number): number => Math.sqrt(Math.max(0, whole - evaluation));
  const totalAt = (probability: number): number =>
    (freedom * total) / chiSquareQuantile(probability, freedom);
  return {
    total: Math.sqrt(total),
    evaluation: Math.sqrt(evaluation),
    training: trainingOf(total),
    trainingLow: trainingOf(totalAt((1 + confidence) / 2)),
    trainingHigh: trainingOf(totalAt((1 - confidence) / 2)),
    confidence,
  };
}
