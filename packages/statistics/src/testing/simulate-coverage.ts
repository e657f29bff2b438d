import type { Random } from "@turnwise/core";
import type { IntervalEstimate } from "../interval-estimate.ts";

/** Generator of paired differences with a true mean of 0. */
export type DifferenceNoise = (random: Random) => number;

/** Draws a standard normal number (Box and Muller, 1958). */
function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Draws an exponential number with mean 1; its skewness is 2. */
const drawExponential = (random: Random): number => -Math.log(1 - random.next());

/** Draws the success rate of one policy on 128 tasks; the true rate varies over seeds. */
function drawRate(random: Random, rate: number): number {
  let numSolved = 0;
  for (let task = 0; task < 128; task++) if (random.next() < rate) numSolved++;
  return numSolved / 128;
}

/** Noises under which intervals of paired differences are tested. */
export const differenceNoises: Readonly<
  Record<"normal" | "taskTypes" | "skewed" | "binomial" | "skewedDifference", DifferenceNoise>
> = {
  normal: drawNormal,
  /** Mean of six task types of one policy, correlation 0.7 between types. */
  taskTypes: (random) => {
    const shared = Math.sqrt(0.7) * drawNormal(random);
    let total = 0;
    for (let type = 0; type < 6; type++) total += shared + Math.sqrt(0.3) * drawNormal(random);
    return total / 6;
  },
  /** Both arms have skewed noise of the same shape; their difference is symmetric. */
  skewed: (random) => drawExponential(random) - drawExponential(random),
  /** Both arms are measured on 128 tasks; the seed shifts the true rate of both. */
  binomial: (random) => {
    const rate = 0.5 + 0.4 * random.next();
    return drawRate(random, rate) - drawRate(random, rate);
  },
  /** The difference itself is skewed, which violates the assumption of the t interval. */
  skewedDifference: (random) => drawExponential(random) - 1,
};

/** Share of simulated studies whose interval contains the true mean difference, 0. */
export function simulateCoverage(
  numSeeds: number,
  noise: DifferenceNoise,
  interval: (differences: readonly number[]) => IntervalEstimate,
  numStudies: number,
  random: Random,
): number {
  let covered = 0;
  for (let study = 0; study < numStudies; study++) {
    const { low, high } = interval(Array.from({ length: numSeeds }, () => noise(random)));
    if (low <= 0 && 0 <= high) covered++;
  }
  return covered / numStudies;
}
