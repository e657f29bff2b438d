import {
  meanCurve,
  summarizeSeeds,
  tInterval,
  toleranceInterval,
  varianceComponents,
  type IntervalEstimate,
  type SeedSummary,
  type ToleranceInterval,
  type VarianceComponents,
} from "@turnwise/statistics";
import type { Study } from "../study-schema.ts";
import type { CellMeasures } from "./measure-cell.ts";

/** Point of a mean curve over seeds, with its pointwise interval. */
export interface CurvePoint extends IntervalEstimate {
  /** Iteration, from 1. */
  readonly iteration: number;
}

/** Results of one arm in one experiment over its finished seeds. */
export interface ArmSummary {
  readonly experiment: string;
  readonly arm: string;
  /** Finished seeds, ascending. */
  readonly seeds: readonly number[];
  /** Primary metric of each seed, `[seed]`. */
  readonly values: readonly number[];
  /** Statistics over seeds; absent with fewer than 2 seeds. */
  readonly spread?: {
    readonly summary: SeedSummary;
    /** Mean with its 95 % t interval. */
    readonly mean: IntervalEstimate;
    /** Range that contains at least 90 % of all seeds, with 95 % confidence. */
    readonly tolerance: ToleranceInterval;
    /** Variance components; absent if the metric is not a success rate. */
    readonly noise?: VarianceComponents;
  };
  readonly area?: IntervalEstimate;
  readonly finalEntropy?: IntervalEstimate;
  /** Success rate by task type, ordered by name. */
  readonly byKind: readonly { readonly kind: string; readonly mean: IntervalEstimate }[];
  /**
   * Training curve of the primary measure over all finished seeds; empty with fewer than 2 seeds.
   */
  readonly curve: readonly CurvePoint[];
  /** Mean wall-clock time of a cell without its shared start, seconds. */
  readonly seconds: number;
}

/** Summarizes the finished cells (at least one) of an arm in an experiment. */
export function summarizeArm(
  cells: readonly CellMeasures[],
  measure: Study["metric"]["measure"],
): ArmSummary {
  const sorted = cells.toSorted((a, b) => a.cell.seed - b.cell.seed);
  const { experiment, arm } = sorted[0]!.cell;
  const values = sorted.map(({ value }) => value);
  const area = computeInterval(sorted.map((one) => one.area));
  const finalEntropy = computeInterval(sorted.map((one) => one.finalEntropy));
  return {
    experiment,
    arm,
    seeds: sorted.map(({ cell }) => cell.seed),
    values,
    ...(values.length > 1 && {
      spread: {
        summary: summarizeSeeds(values),
        mean: tInterval(values),
        tolerance: toleranceInterval(values),
        ...computeNoise(
          values,
          sorted.map((one) => one.evaluationVariance),
        ),
      },
    }),
    ...(area && { area }),
    ...(finalEntropy && { finalEntropy }),
    byKind: listKinds(sorted).flatMap((kind) => {
      const mean = computeInterval(sorted.map((one) => one.byKind.get(kind)));
      return mean === undefined ? [] : [{ kind, mean }];
    }),
    curve: computeMeanCurve(sorted.map(({ cell }) => cell.training[measure] ?? [])),
    seconds: sorted.reduce((sum, { cell }) => sum + cell.seconds.wall, 0) / sorted.length,
  };
}

/** Lists the task types of cells, sorted by name. */
export function listKinds(cells: readonly CellMeasures[]): string[] {
  return [...new Set(cells.flatMap(({ byKind }) => [...byKind.keys()]))].sort();
}

/** Computes the t interval of the defined values; `undefined` for fewer than 2. */
export function computeInterval(
  values: readonly (number | undefined)[],
): IntervalEstimate | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length < 2 ? undefined : tInterval(present);
}

/** Computes the variance components if every value has an evaluation variance. */
export function computeNoise(
  values: readonly number[],
  variances: readonly (number | undefined)[],
): { readonly noise?: VarianceComponents } {
  const known = variances.filter((variance) => variance !== undefined);
  if (values.length < 2 || known.length < values.length) return {};
  return { noise: varianceComponents(values, known) };
}

/**
 * Computes the mean curve over seeds.
 * @param curves - One curve per seed, `[seed][iteration]`. Iterations that some seed lacks are
 *   omitted.
 */
export function computeMeanCurve(curves: readonly (readonly (number | null)[])[]): CurvePoint[] {
  if (curves.length < 2) return [];
  const length = Math.min(...curves.map((curve) => curve.length));
  const present = Array.from({ length }, (_, i) => i).filter((i) =>
    curves.every((curve) => curve[i] !== null),
  );
  return meanCurve(curves.map((curve) => present.map((i) => curve[i]!))).map((point, i) => ({
    iteration: present[i]! + 1,
    ...point,
  }));
}
