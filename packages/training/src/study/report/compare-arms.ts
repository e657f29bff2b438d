import { createRandom } from "@turnwise/core";
import {
  bcaCoverage,
  bcaInterval,
  detectableEffect,
  holmAdjust,
  improvementProbability,
  pairBySeed,
  pairedRateVariance,
  signFlipTest,
  summarizeSeeds,
  tInterval,
  type IntervalEstimate,
  type SignFlipTest,
  type VarianceComponents,
} from "@turnwise/statistics";
import { InputError } from "../../input-error.ts";
import { formatCellName, unpackTaskOutcomes, type StudyCell } from "../cell.ts";
import type { Study } from "../study-schema.ts";
import type { CellMeasures } from "./measure-cell.ts";
import {
  computeMeanCurve,
  computeInterval,
  listKinds,
  computeNoise,
  type CurvePoint,
} from "./summarize-arm.ts";

/** Difference between arms for one task type. */
export interface KindComparison {
  readonly kind: string;
  readonly difference: IntervalEstimate;
  /** Exact p-value of the sign-flip test. */
  readonly p: number;
  /** Sign-flip p corrected for the number of task types (Holm). */
  readonly adjustedP: number;
}

/** Paired comparison of two arms in one experiment: treatment minus baseline, seed by seed. */
export interface Comparison {
  readonly experiment: string;
  readonly treatment: string;
  readonly baseline: string;
  /** Seeds that both arms finished, ascending. */
  readonly seeds: readonly number[];
  /** Seeds that only one of the arms finished. */
  readonly unpaired: readonly number[];
  /**
   * Seeds whose two cells ran on different CPU models, between which floating-point results may
   * differ.
   */
  readonly mixedProcessors: readonly number[];
  /** Seeds whose two cells started from different warm starts or first evaluations. */
  readonly mixedStarts: readonly number[];
  /** Differences of the primary metric, `[seed]`. */
  readonly differences: readonly number[];
  /** Statistics over the pairs; absent with fewer than 2 pairs. */
  readonly paired?: {
    /** Primary interval: paired t, 95 %. */
    readonly difference: IntervalEstimate;
    /** Secondary interval: BCa bootstrap that resamples seeds, with its simulated coverage. */
    readonly bca: IntervalEstimate & { readonly simulatedCoverage: number };
    readonly signFlip: SignFlipTest;
    /** Sample standard deviation of the differences. */
    readonly standardDeviation: number;
    /** Smallest difference that would be detected with 80 % power at this standard deviation. */
    readonly detectable: number;
    /** Share of seeds in which the treatment is better. */
    readonly improvement: IntervalEstimate;
    /** Variance components of the differences; absent if the metric is not a success rate. */
    readonly noise?: VarianceComponents;
  };
  readonly area?: IntervalEstimate;
  readonly finalEntropy?: IntervalEstimate;
  readonly byKind: readonly KindComparison[];
  /**
   * Training curves of the primary measure over the paired seeds; empty with fewer than 2 pairs.
   */
  readonly curves: PairedCurves;
  /** Curves of the mean token entropy, nats per token. */
  readonly entropyCurves: PairedCurves;
}

/** Mean curves of both arms over the same seeds, and the mean curve of their difference. */
export interface PairedCurves {
  readonly treatment: readonly CurvePoint[];
  readonly baseline: readonly CurvePoint[];
  readonly difference: readonly CurvePoint[];
}

/**
 * Compares two arms of an experiment over the seeds that both finished.
 * @param treatment - Cells of the treatment, at most one per seed; the same for `baseline`.
 * @throws `InputError` if the two cells of a seed were evaluated on different tasks.
 */
export function compareArms(
  names: Pick<Comparison, "experiment" | "treatment" | "baseline">,
  treatment: readonly CellMeasures[],
  baseline: readonly CellMeasures[],
  measure: Study["metric"]["measure"],
): Comparison {
  const valuesOf = (cells: readonly CellMeasures[]) =>
    new Map(cells.map(({ cell, value }) => [cell.seed, value]));
  const { seeds, differences, unpaired } = pairBySeed(valuesOf(treatment), valuesOf(baseline));
  const pairs = seeds.map((seed) => {
    const find = (cells: readonly CellMeasures[]) => cells.find(({ cell }) => cell.seed === seed)!;
    return [find(treatment), find(baseline)] as const;
  });
  for (const pair of pairs) checkSameTasks(...pair);
  const seedsThatDiffer = (field: (cell: StudyCell) => string | undefined): number[] =>
    seeds.filter((_, i) => field(pairs[i]![0].cell) !== field(pairs[i]![1].cell));
  const area = computeInterval(pairs.map(([a, b]) => subtract(a.area, b.area)));
  const finalEntropy = computeInterval(
    pairs.map(([a, b]) => subtract(a.finalEntropy, b.finalEntropy)),
  );
  return {
    ...names,
    seeds,
    unpaired,
    mixedProcessors: seedsThatDiffer(({ processor }) => processor),
    mixedStarts: seedsThatDiffer(({ startSha256 }) => startSha256),
    differences,
    ...(seeds.length > 1 && {
      paired: computePairedStatistics(names, differences, pairs, measure),
    }),
    ...(area && { area }),
    ...(finalEntropy && { finalEntropy }),
    byKind: compareKinds(pairs),
    curves: computePairedCurves(pairs, measure),
    entropyCurves: computePairedCurves(pairs, "meanTokenEntropy"),
  };
}

type CellPair = readonly [treatment: CellMeasures, baseline: CellMeasures];

const subtract = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a - b;

function computePairedCurves(pairs: readonly CellPair[], metric: string): PairedCurves {
  const curves = pairs.map((pair) => {
    const [treatment, baseline] = pair.map(({ cell }) => cell.training[metric] ?? []);
    const length = Math.min(treatment!.length, baseline!.length);
    const difference = Array.from({ length }, (_, i) => {
      const [value, other] = [treatment![i]!, baseline![i]!];
      return value === null || other === null ? null : value - other;
    });
    return { treatment: treatment!, baseline: baseline!, difference };
  });
  return {
    treatment: computeMeanCurve(curves.map((one) => one.treatment)),
    baseline: computeMeanCurve(curves.map((one) => one.baseline)),
    difference: computeMeanCurve(curves.map((one) => one.difference)),
  };
}

function computePairedStatistics(
  names: Pick<Comparison, "experiment" | "treatment" | "baseline">,
  differences: readonly number[],
  pairs: readonly CellPair[],
  measure: Study["metric"]["measure"],
): Comparison["paired"] & object {
  // Fork the random stream by the names, so that reports are reproducible.
  const random = createRandom(`${names.experiment}/${names.treatment}/${names.baseline}`);
  const { standardDeviation } = summarizeSeeds(differences);
  return {
    difference: tInterval(differences),
    bca: {
      ...bcaInterval(differences, random.fork("bca")),
      simulatedCoverage: bcaCoverage(differences.length).normal,
    },
    signFlip: signFlipTest(differences, random.fork("sign-flip")),
    standardDeviation,
    detectable: standardDeviation * detectableEffect(differences.length),
    improvement: improvementProbability(differences),
    ...(measure === "success" && computeNoise(differences, pairs.map(computePairVariance))),
  };
}

/**
 * Computes the variance of a difference due to the finite number of tasks; `undefined` for fewer than 2
 * tasks.
 */
function computePairVariance([treatment, baseline]: CellPair): number | undefined {
  const first = unpackTaskOutcomes(treatment.evaluation);
  const second = unpackTaskOutcomes(baseline.evaluation);
  let [onlyTreatment, onlyBaseline, numTasks] = [0, 0, 0];
  for (const [i, outcome] of first.entries()) {
    const other = second[i];
    if (outcome === undefined || other === undefined) continue;
    numTasks++;
    if (outcome && !other) onlyTreatment++;
    if (other && !outcome) onlyBaseline++;
  }
  return numTasks < 2 ? undefined : pairedRateVariance({ onlyTreatment, onlyBaseline, numTasks });
}

function compareKinds(pairs: readonly CellPair[]): KindComparison[] {
  const results = listKinds(pairs.flat()).flatMap((kind) => {
    const differences = pairs
      .map(([a, b]) => subtract(a.byKind.get(kind), b.byKind.get(kind)))
      .filter((difference) => difference !== undefined);
    if (differences.length < 2) return [];
    const random = createRandom(`kind/${kind}`);
    const { p } = signFlipTest(differences, random);
    return [{ kind, difference: tInterval(differences), p }];
  });
  const adjusted = holmAdjust(results.map(({ p }) => p));
  return results.map((result, i) => ({ ...result, adjustedP: adjusted[i]! }));
}

function checkSameTasks(a: CellMeasures, b: CellMeasures): void {
  const [first, second] = [a, b].map(({ evaluation }) => evaluation.tasksSha256.slice(0, 12));
  if (first === second) return;
  throw new InputError(
    `${formatCellName(a.cell)}: tasksSha256 must be the same as in ${formatCellName(b.cell)} (${second}), because the cells of a pair must play the same tasks, got ${first}`,
  );
}
