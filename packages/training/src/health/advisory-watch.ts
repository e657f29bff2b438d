import { isSuccess, trajectoryReturn, type Group } from "@turnwise/core";
import { listAdvisories, type Advisory, type RunRecords } from "../reader/advisories.ts";
import { countGroups, type GroupCounts } from "../reader/count-groups.ts";
import type { RecordedMetrics } from "../reader/read-run.ts";

/** Records of a completed iteration. */
export interface IterationRecords {
  readonly metrics: RecordedMetrics;
  readonly timings: RecordedMetrics;
  readonly groups: GroupCounts;
}

/** Watch of a running run, which reports each advisory once. */
export interface AdvisoryWatch {
  /** Adds an iteration. @returns Advisories whose rule fires for the first time. */
  add(iteration: IterationRecords): Advisory[];
}

/**
 * Watches a run by the rules of {@link listAdvisories}.
 * @param before - Records up to now, of a run that is resumed; advisories that they cause are not
 * reported again.
 */
export function watchAdvisories(before: RunRecords): AdvisoryWatch {
  const metrics = [...before.metrics];
  const timings = [...before.timings];
  const groups = [...before.groups];
  const records = { ...before, metrics, timings, groups };
  const known = new Set(listAdvisories(before).map(({ name }) => name));
  return {
    add: (iteration) => {
      metrics.push(iteration.metrics);
      timings.push(iteration.timings);
      groups.push(iteration.groups);
      const fired = listAdvisories(records).filter(({ name }) => !known.has(name));
      for (const { name } of fired) known.add(name);
      return fired;
    },
  };
}

/**
 * Counts played groups by outcome. The counts are equal to those computed from the columns of the
 * index.
 */
export function countPlayedGroups(groups: readonly Group[]): GroupCounts {
  const rows = groups.flatMap(({ trajectories }, group) =>
    trajectories.map((trajectory) => ({ group, trajectory })),
  );
  return countGroups({
    group: rows.map(({ group }) => group),
    success: rows.map(({ trajectory }) => (isSuccess(trajectory) ? 1 : 0)),
    // Round to the float32 precision of the index, so that returns equal there are equal here too.
    return: rows.map(({ trajectory }) => Math.fround(trajectoryReturn(trajectory))),
  });
}

/** Formats an advisory: name, finding, advice and rule. */
export function describeAdvisory({ name, message, remedy, rule }: Advisory): string {
  return `${name.replaceAll("-", " ")}: ${message} ${remedy} (rule: ${rule})`;
}
