import {
  detectableEffect,
  pairedPower,
  countSeedsNeeded,
  varianceComponents,
} from "@turnwise/statistics";
import type { StudyAnalysis } from "./analyze-study.ts";
import { formatP, createMeasureFormat, type MeasureFormat } from "./measure-format.ts";
import type { Table } from "./render-table.ts";

/** Parameters of a power table. */
export interface PowerQuestion {
  /** Difference of interest in the metric's unit, > 0: 0.05 is 5 points of success. */
  readonly effect?: number;
  /** Probability of detecting the effect, in (0.05, 1). */
  readonly power: number;
}

/**
 * Tabulates the smallest detectable difference for several numbers of paired seeds, before a study
 * runs.
 * @param deviation - Standard deviation of the differences over seeds, in the metric's unit, > 0.
 * @param seeds - Numbers of paired seeds, one row each.
 */
export function tabulatePower(
  deviation: number,
  seeds: readonly number[],
  { effect, power }: PowerQuestion,
  format: MeasureFormat = createMeasureFormat("success"),
): Table {
  return {
    title: `Power of a paired comparison, SD of the differences ${format.width(deviation)}`,
    columns: [
      { name: "pairs", align: "right" },
      { name: `detectable with ${formatPercent(power)} power`, align: "right" },
      ...(effect === undefined
        ? []
        : [{ name: `power for ${format.width(effect)}`, align: "right" } as const]),
      { name: "smallest sign-flip p", align: "right" },
    ],
    rows: seeds.map((numSeeds) => [
      String(numSeeds),
      format.width(deviation * detectableEffect(numSeeds, { power })),
      ...(effect === undefined ? [] : [formatPercent(pairedPower(effect / deviation, numSeeds))]),
      formatP(2 ** (1 - numSeeds)),
    ]),
    notes: [
      "Power: probability that the 95 % paired t interval excludes 0, for normal differences. A pilot with few seeds usually underestimates the SD, so plan with a larger SD.",
    ],
  };
}

/**
 * Tabulates the smallest difference that a study's finished pairs can detect, and the number of
 * pairs that an effect needs.
 */
export function tabulateStudyPower(
  { families, metric }: StudyAnalysis,
  { effect, power }: PowerQuestion,
): Table {
  const format = createMeasureFormat(metric.measure);
  const needed = (deviation: number): string =>
    effect === undefined || deviation === 0
      ? "-"
      : String(countSeedsNeeded(effect / deviation, { power }));
  return {
    title: `Power of the planned comparisons of ${metric.measure}`,
    columns: [
      { name: "experiment", align: "left" },
      { name: "treatment minus baseline", align: "left" },
      { name: "pairs", align: "right" },
      { name: "SD of the differences", align: "left" },
      { name: `detectable with ${formatPercent(power)} power`, align: "right" },
      ...(effect === undefined
        ? []
        : ([
            { name: `pairs for ${format.width(effect)}`, align: "right" },
            { name: "at the upper end of the SD", align: "right" },
          ] as const)),
    ],
    rows: families.flatMap(({ comparisons }) =>
      comparisons.map(({ experiment, treatment, baseline, seeds, differences }) => {
        const pair = [experiment, `${treatment} minus ${baseline}`, String(seeds.length)];
        const numEffect = effect === undefined ? 0 : 2;
        if (differences.length < 2) {
          return [...pair, ...Array.from({ length: 2 + numEffect }, () => "-")];
        }
        // With an evaluation variance of 0, the training component is the whole standard deviation.
        const spread = varianceComponents(
          differences,
          differences.map(() => 0),
        );
        return [
          ...pair,
          `${format.width(spread.total)} ${format.interval({ low: spread.trainingLow, high: spread.trainingHigh })}`,
          format.width(spread.total * detectableEffect(differences.length, { power })),
          ...(effect === undefined ? [] : [needed(spread.total), needed(spread.trainingHigh)]),
        ];
      }),
    ),
    notes: [
      "SD over seeds with its 95 % interval (chi-square). Power: probability that the 95 % paired t interval excludes 0.",
    ],
  };
}

const formatPercent = (share: number): string => `${(100 * share).toFixed(0)} %`;
