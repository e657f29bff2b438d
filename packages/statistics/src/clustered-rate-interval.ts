import { checkInteger } from "@turnwise/core";
import { checkFraction } from "./check-arguments.ts";
import { normalQuantile, studentQuantile } from "./distributions.ts";
import type { IntervalEstimate, IntervalOptions } from "./interval-estimate.ts";
import { computeScoreInterval, wilsonInterval } from "./wilson-interval.ts";

/** Episodes of one task. */
export interface TaskOutcomes {
  /** Number of successes, `0 <= numSolved <= numEpisodes`. */
  readonly numSolved: number;
  /** Number of graded episodes, `>= 1`. */
  readonly numEpisodes: number;
}

/**
 * Interval of a success rate if several episodes play the same task and are therefore not
 * independent: Wilson's score interval with `n = p (1 - p) / v * (z / t)²` as the effective number
 * of episodes, with `v` the variance of the rate between tasks, `z` the normal quantile and `t`
 * Student's quantile with `numTasks - 1` degrees of freedom (Korn and Graubard, 1998, for Wilson's
 * interval: Dean and Pagano, 2015). `n` is at least the number of tasks and at most the number of
 * episodes; if all or none of the episodes succeed, it is the number of tasks. With one episode per
 * task the result equals {@link wilsonInterval}.
 *
 * @param tasks - Outcomes of each task, `[task]`, at least 1.
 * @throws `RangeError` for no tasks, a count or a confidence out of range.
 */
export function clusteredRateInterval(
  tasks: readonly TaskOutcomes[],
  { confidence = 0.95 }: IntervalOptions = {},
): IntervalEstimate {
  const numTasks = tasks.length;
  checkInteger("clusteredRateInterval", { numTasks }, { min: 1 });
  checkFraction("clusteredRateInterval", { confidence });
  let [numSolved, numEpisodes] = [0, 0];
  for (const task of tasks) {
    checkInteger("clusteredRateInterval", { numEpisodes: task.numEpisodes }, { min: 1 });
    const range = { min: 0, max: task.numEpisodes };
    checkInteger("clusteredRateInterval", { numSolved: task.numSolved }, range);
    numSolved += task.numSolved;
    numEpisodes += task.numEpisodes;
  }
  if (numEpisodes === numTasks) return wilsonInterval(numSolved, numTasks, { confidence });
  const rate = numSolved / numEpisodes;
  const effective = (): number => {
    if (numTasks < 2 || numSolved === 0 || numSolved === numEpisodes) return numTasks;
    const residuals = tasks.map((task) => (task.numSolved - rate * task.numEpisodes) ** 2);
    const spread = residuals.reduce((sum, value) => sum + value, 0);
    const variance = ((numTasks / (numTasks - 1)) * spread) / numEpisodes ** 2;
    const quantile = (1 + confidence) / 2;
    const shrinkage = (normalQuantile(quantile) / studentQuantile(quantile, numTasks - 1)) ** 2;
    const number = ((rate * (1 - rate)) / variance) * shrinkage;
    return Math.min(Math.max(number, numTasks), numEpisodes);
  };
  return computeScoreInterval(rate, effective(), confidence);
}
