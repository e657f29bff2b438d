import type { RecordedTrajectory } from "@turnwise/training/reader";
import type { FoundSegment } from "./find-in-table.ts";
import { openTrajectory } from "./read-turns.ts";
import type { TrajectoryTable } from "./trajectory-table.ts";

/** A trajectory of a group with its row in the index. */
export interface Sibling {
  readonly row: number;
  /** Position of the trajectory in the table. */
  readonly position: number;
  readonly trajectory: RecordedTrajectory;
}

/** Reads the trajectories of a group. */
export function readGroup(
  table: TrajectoryTable,
  segment: FoundSegment,
  members: readonly number[],
): Promise<Sibling[]> {
  return Promise.all(
    members.map(async (position) => {
      const row = table.row[position]!;
      const trajectory = await openTrajectory(segment.run, segment.name, row);
      return { row, position, trajectory };
    }),
  );
}

/**
 * First turn in which siblings act differently; `undefined` if they never do. A sibling that has
 * ended differs from a sibling that continues.
 */
export function divergence(siblings: readonly Sibling[]): number | undefined {
  const longest = Math.max(0, ...siblings.map(({ trajectory }) => trajectory.turns.length));
  for (let turn = 0; turn < longest; turn++) {
    const actions = new Set(siblings.map(({ trajectory }) => trajectory.turns[turn]?.action));
    if (actions.size > 1) return turn;
  }
  return undefined;
}

/**
 * Number of siblings with the same actions up to each turn, including the sibling itself,
 * `[sibling][turn]`.
 */
export function sharedPrefixes(siblings: readonly Sibling[]): number[][] {
  const counts = new Map<string, number>();
  const keys = siblings.map(({ trajectory }) => {
    let path = "";
    return trajectory.turns.map(({ action }) => (path = JSON.stringify([path, action])));
  });
  for (const key of keys.flat()) counts.set(key, (counts.get(key) ?? 0) + 1);
  return keys.map((own) => own.map((key) => counts.get(key)!));
}
