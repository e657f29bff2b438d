import { createRandom, mean } from "@turnwise/core";
import { pairBySeed, signFlipTest, tInterval, type IntervalEstimate } from "@turnwise/statistics";
import type { Arm } from "./arms.ts";
import { iterationsOf, metricAt } from "./curves.ts";
import type { ViewedRun } from "./load-runs.ts";

/** Measure of a run: one number per run. */
export interface RunMeasure {
  readonly label: string;
  readonly decimals: number;
  readonly of: (run: ViewedRun) => number | undefined;
}

const lastIterations = 5;

function lastMean(run: ViewedRun, name: string): number | undefined {
  const values = iterationsOf(run)
    .slice(-lastIterations)
    .flatMap((line) => metricAt(line, name) ?? []);
  return values.length === 0 ? undefined : mean(values);
}

function finalEvaluation({ metrics }: ViewedRun): number | undefined {
  const line = metrics.findLast(({ stage, phase }) => stage === "evaluation" && phase === "after");
  return metricAt(line, "success") ?? undefined;
}

/**
 * Measures by which arms are compared. The last iterations are the last iterations that all runs of
 * both arms have.
 */
export const runMeasures: readonly RunMeasure[] = [
  { label: "success, evaluation after training", decimals: 3, of: finalEvaluation },
  {
    label: `success, last ${lastIterations} iterations`,
    decimals: 3,
    of: (run) => lastMean(run, "success"),
  },
  {
    label: `return, last ${lastIterations} iterations`,
    decimals: 3,
    of: (run) => lastMean(run, "return"),
  },
  {
    label: `entropy, last ${lastIterations} iterations, nats per token`,
    decimals: 4,
    of: (run) => lastMean(run, "entropy"),
  },
  {
    label: `turns, last ${lastIterations} iterations`,
    decimals: 2,
    of: (run) => lastMean(run, "turns"),
  },
];

/** Difference between two arms over their common seeds. */
export interface ArmDifference {
  readonly measure: RunMeasure;
  readonly seeds: readonly number[];
  readonly treatment: number;
  readonly baseline: number;
  readonly difference: number;
  /** Paired t interval; absent for one seed. */
  readonly interval?: IntervalEstimate;
  /**
   * Two-sided p-value of the sign-flip test, and the smallest possible p-value with this number of
   * seeds.
   */
  readonly p: number;
  readonly smallestP: number;
}

/** Compares two arms seed by seed; omits measures without a common seed. */
export function compareArms(treatment: Arm, baseline: Arm): ArmDifference[] {
  // Runs of different lengths are compared at the length of the shortest run.
  const numIterations = Math.min(
    ...[...treatment.runs, ...baseline.runs].map((run) => iterationsOf(run).at(-1)?.iteration ?? 0),
  );
  return runMeasures.flatMap((measure) => {
    const values = (arm: Arm): Map<number, number> =>
      new Map(
        arm.runs.flatMap((run) => {
          const cut = {
            ...run,
            metrics: run.metrics.filter(
              (line) => line.stage !== "iteration" || line.iteration <= numIterations,
            ),
          };
          const value = measure.of(cut);
          return value === undefined || Number.isNaN(run.seed) ? [] : [[run.seed, value] as const];
        }),
      );
    const [left, right] = [values(treatment), values(baseline)];
    const { seeds, differences } = pairBySeed(left, right);
    if (seeds.length === 0) return [];
    const { p, smallestP } = signFlipTest(differences, createRandom(1));
    return [
      {
        measure,
        seeds,
        treatment: mean(seeds.map((seed) => left.get(seed)!)),
        baseline: mean(seeds.map((seed) => right.get(seed)!)),
        difference: mean(differences),
        ...(seeds.length > 1 && { interval: tInterval(differences) }),
        p,
        smallestP,
      },
    ];
  });
}
