import { areaUnderCurve, rateVariance } from "@turnwise/statistics";
import { InputError } from "../../input-error.ts";
import { formatCellName, type CellEvaluation, type StudyCell } from "../cell.ts";
import { describeMetric, findPrimaryEvaluation, type Study } from "../study-schema.ts";

/** Numbers of a finished cell that reports compare. */
export interface CellMeasures {
  readonly cell: StudyCell;
  /** Primary metric of the last checkpoint. */
  readonly value: number;
  /** Evaluation that contains the primary metric. */
  readonly evaluation: CellEvaluation;
  /** Success rate by task type, without types that have no graded task. */
  readonly byKind: ReadonlyMap<string, number>;
  /** Variance of `value` due to the finite number of tasks; absent if the metric is not a success rate. */
  readonly evaluationVariance?: number;
  /** Area under the training curve of the primary measure; absent if it was not recorded. */
  readonly area?: number;
  /** Mean token entropy over the last tenth of the iterations, nats per token; absent if not recorded. */
  readonly finalEntropy?: number;
}

/**
 * Reads the numbers of a finished cell.
 * @throws `InputError` naming the cell if its evaluation after training lacks the primary metric.
 */
export function measureCell(cell: StudyCell, metric: Study["metric"]): CellMeasures {
  const { measure } = metric;
  const evaluation = findPrimaryEvaluation(cell.evaluations, metric);
  const value = evaluation?.metrics[measure];
  if (evaluation === undefined || value === undefined) {
    throw new InputError(
      `${formatCellName(cell)}: evaluations after training must include ${describeMetric(metric)}, got none`,
    );
  }
  const counts = Object.values(evaluation.byKind);
  const numGraded = counts.reduce((sum, { graded }) => sum + graded, 0);
  const numSolved = counts.reduce((sum, { solved }) => sum + solved, 0);
  const area = computeArea(cell.training[measure]);
  const finalEntropy = computeFinalMean(cell.training["meanTokenEntropy"]);
  return {
    cell,
    value,
    evaluation,
    byKind: new Map(
      Object.entries(evaluation.byKind)
        .filter(([, { graded }]) => graded > 0)
        .map(([kind, { graded, solved }]) => [kind, solved / graded]),
    ),
    ...(measure === "success" &&
      numGraded >= 2 && { evaluationVariance: rateVariance(numSolved, numGraded) }),
    ...(area !== undefined && { area }),
    ...(finalEntropy !== undefined && { finalEntropy }),
  };
}

type TrainingCurve = readonly (number | null)[] | undefined;

/** Computes the area under a training curve; missing iterations are interpolated. */
function computeArea(curve: TrainingCurve): number | undefined {
  const points = (curve ?? []).flatMap((value, i) => (value === null ? [] : [{ i, value }]));
  if (points.length === 0) return undefined;
  return areaUnderCurve(
    points.map(({ i }) => i + 1),
    points.map(({ value }) => value),
  );
}

/** Computes the mean over the last tenth of the iterations (at least one). */
function computeFinalMean(curve: TrainingCurve): number | undefined {
  if (curve === undefined) return undefined;
  const values = curve.slice(-Math.ceil(curve.length / 10)).filter((value) => value !== null);
  if (values.length === 0) return undefined;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
