import { segmentRows, type TrajectoryTable } from "./trajectory-table.ts";
import type { ViewedRun } from "./load-runs.ts";

/** A run and a segment of it. */
export interface FoundSegment {
  readonly run: ViewedRun;
  /** Position of the segment in the run's list. */
  readonly position: number;
  readonly name: string;
}

/** Finds a segment by the names in a URL; `undefined` if it does not exist (yet). */
export function findSegment(
  runs: readonly ViewedRun[],
  id: string,
  name: string,
): FoundSegment | undefined {
  const run = runs.find((one) => one.id === id);
  const position = run?.segments.findIndex((segment) => segment.name === name) ?? -1;
  return run === undefined || position < 0 ? undefined : { run, position, name };
}

/** Finds the positions of a group's trajectories in the table, in the order of the group. */
export function groupMembers(
  table: TrajectoryTable,
  { run, position }: FoundSegment,
  group: number,
): number[] {
  const rows = segmentRows(table, run.position, position);
  if (rows === undefined) return [];
  const { group: groups, trajectory } = table.numbers;
  const members: number[] = [];
  for (let i = rows.start; i < rows.end; i++) if (groups[i] === group) members.push(i);
  return members.sort((a, b) => trajectory[a]! - trajectory[b]!);
}

/** Number of groups of a segment. */
export function countSegmentGroups(
  table: TrajectoryTable,
  { run, position }: FoundSegment,
): number {
  const rows = segmentRows(table, run.position, position);
  if (rows === undefined) return 0;
  let highest = -1;
  for (let i = rows.start; i < rows.end; i++) {
    highest = Math.max(highest, table.numbers.group[i]!);
  }
  return highest + 1;
}

/** Finds the position in the table that corresponds to a row of a segment's index. */
export function tablePosition(
  table: TrajectoryTable,
  { run, position }: FoundSegment,
  row: number,
): number | undefined {
  const rows = segmentRows(table, run.position, position);
  return rows === undefined || rows.start + row >= rows.end ? undefined : rows.start + row;
}
