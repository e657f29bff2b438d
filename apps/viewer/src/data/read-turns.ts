import {
  readEpisodes,
  readTrajectory,
  type RecordedTrajectory,
  type SegmentEpisodes,
} from "@turnwise/training/reader";
import type { ViewedRun } from "./load-runs.ts";

/** Maximum number of cached indexes and trajectories; the least recently used is dropped first. */
const maxRemembered = 32;
const remembered = new Map<string, Promise<unknown>>();

function remember<Value>(key: string, read: () => Promise<Value>): Promise<Value> {
  const known = remembered.get(key) as Promise<Value> | undefined;
  const value = known ?? read();
  remembered.delete(key);
  remembered.set(key, value);
  value.catch(() => remembered.delete(key));
  if (remembered.size > maxRemembered) remembered.delete(remembered.keys().next().value!);
  return value;
}

/** Index of a segment of a run. */
export function openSegment(run: ViewedRun, segment: string): Promise<SegmentEpisodes> {
  return remember(`${run.id}/${segment}`, () => readEpisodes(run.source, segment));
}

/** Reads one trajectory. @throws `RangeError`, one line, if it is missing or damaged. */
export function openTrajectory(
  run: ViewedRun,
  segment: string,
  row: number,
): Promise<RecordedTrajectory> {
  return remember(`${run.id}/${segment}/${row}`, async () =>
    readTrajectory(run.source, await openSegment(run, segment), row),
  );
}
