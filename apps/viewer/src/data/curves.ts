import { mean } from "@turnwise/core";
import { tInterval, wilsonInterval, type IntervalEstimate } from "@turnwise/statistics";
import { countGroups, type GroupCounts, type RecordedMetrics } from "@turnwise/training/reader";
import type { ViewedRun } from "./load-runs.ts";
import { segmentRows, textAt, type RowRange, type TrajectoryTable } from "./trajectory-table.ts";

/** Values over iterations: `y`, absent at some iterations, and the edges of a band. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
}

/** Lines of a run's iterations. */
export function iterationsOf({ metrics }: ViewedRun): RecordedMetrics[] {
  return metrics.filter(({ stage }) => stage === "iteration");
}

/** Value of a metric in a line; `null` if absent. */
export function metricAt(line: RecordedMetrics | undefined, name: string): number | null {
  const value = line?.[name];
  return typeof value === "number" ? value : null;
}

/** Curve of a metric over the iterations of a run. */
export function metricCurve(run: ViewedRun, name: string): Curve {
  const lines = iterationsOf(run);
  return {
    x: lines.map(({ iteration }) => iteration),
    y: lines.map((line) => metricAt(line, name)),
  };
}

/** Name of a column that is shown as a mean over episodes with an interval. */
export type MeasuredColumn = "success" | "return";

/**
 * Caches values that are computed from the rows of a segment. Rows never change after they are
 * read, and each new segment triggers the computation of all curves of its run.
 */
function bySegment<Value>(
  compute: (table: TrajectoryTable, rows: RowRange) => Value,
): (table: TrajectoryTable, rows: RowRange) => Value {
  const known = new WeakMap<RowRange, { readonly value: Value }>();
  return (table, rows) => {
    const entry = known.get(rows) ?? { value: compute(table, rows) };
    known.set(rows, entry);
    return entry.value;
  };
}

const measureRows = {
  success: bySegment((table, rows) => measure(table, rows, "success")),
  return: bySegment((table, rows) => measure(table, rows, "return")),
};

const countRows = bySegment((table, { start, end }) => {
  const part = (column: Float32Array): Float32Array => column.subarray(start, end);
  const { group, success } = table.numbers;
  return countGroups({
    group: part(group),
    success: part(success),
    return: part(table.numbers.return),
  });
});

/**
 * Mean of a column over the episodes of a segment, with a 95 % interval. Siblings play the same
 * task, so only groups are independent: the interval is a t interval over the means of groups. If
 * every group has one episode, a success rate has Wilson's interval.
 */
export function measureSegment(
  table: TrajectoryTable,
  run: number,
  segment: number,
  name: MeasuredColumn,
): IntervalEstimate | undefined {
  const rows = segmentRows(table, run, segment);
  return rows && measureRows[name](table, rows);
}

function measure(
  table: TrajectoryTable,
  rows: RowRange,
  name: MeasuredColumn,
): IntervalEstimate | undefined {
  const values = new Map<number, number[]>();
  for (let i = rows.start; i < rows.end; i++) {
    // Failed episodes do not reflect the policy.
    if (isFailed(table, i)) continue;
    const group = table.numbers.group[i]!;
    const known = values.get(group);
    if (known === undefined) values.set(group, [table.numbers[name][i]!]);
    else known.push(table.numbers[name][i]!);
  }
  const groups = [...values.values()];
  if (groups.length < 2) return undefined;
  if (name === "success" && groups.every(({ length }) => length === 1)) {
    return wilsonInterval(groups.filter(([solved]) => solved === 1).length, groups.length);
  }
  const interval = tInterval(groups.map(mean));
  if (name === "return") return interval;
  return { ...interval, low: Math.max(0, interval.low), high: Math.min(1, interval.high) };
}

function isFailed(table: TrajectoryTable, index: number): boolean {
  return textAt(table, "outcome", index).startsWith("failed:");
}

/** Curve of a column over the iterations of a run, with the interval of each iteration. */
export function measuredCurve(table: TrajectoryTable, run: ViewedRun, name: MeasuredColumn): Curve {
  const estimates = new Map(
    run.segments.flatMap(({ metrics }, segment) => {
      if (metrics.stage !== "iteration") return [];
      const estimate = measureSegment(table, run.position, segment, name);
      return estimate === undefined ? [] : [[metrics.iteration, estimate] as const];
    }),
  );
  const lines = iterationsOf(run);
  return {
    x: lines.map(({ iteration }) => iteration),
    y: lines.map((line) => metricAt(line, name)),
    low: lines.map(({ iteration }) => estimates.get(iteration)?.low ?? null),
    high: lines.map(({ iteration }) => estimates.get(iteration)?.high ?? null),
  };
}

/** Groups of each iteration, by outcome; omits iterations whose index was not read. */
export function groupCurve(
  table: TrajectoryTable,
  run: ViewedRun,
): { readonly iteration: number; readonly counts: GroupCounts }[] {
  return run.segments.flatMap(({ metrics }, segment) => {
    const rows = segmentRows(table, run.position, segment);
    if (metrics.stage !== "iteration" || rows === undefined) return [];
    return [{ iteration: metrics.iteration, counts: countRows(table, rows) }];
  });
}

/**
 * Mean of curves of several runs, with the pointwise 95 % t interval where at least two runs have a
 * value.
 */
export function meanOfCurves(curves: readonly Curve[]): Curve {
  if (curves.length === 1) return curves[0]!;
  const x = [...new Set(curves.flatMap((curve) => curve.x))].sort((a, b) => a - b);
  const byIteration = curves.map((curve) => new Map(curve.x.map((at, i) => [at, curve.y[i]!])));
  const points = x.map((at) => {
    const values = byIteration.flatMap((curve) => curve.get(at) ?? []);
    if (values.length === 0) return null;
    if (values.length === 1) return { estimate: values[0]!, low: null, high: null };
    return tInterval(values);
  });
  return {
    x,
    y: points.map((point) => point?.estimate ?? null),
    low: points.map((point) => point?.low ?? null),
    high: points.map((point) => point?.high ?? null),
  };
}
