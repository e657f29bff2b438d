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

/** Advisories of a run that goes on. */
export interface AdvisoryWatch {
  /** Adds an iteration. @returns Advisories whose rule fires for the first time. */
  add(iteration: IterationRecords): Advisory[];
}

/**
 * Watches a run by the rules of {@link listAdvisories}.
 * @param before - Records up to now, of a run that is resumed; what they show is not news.
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

/** Counts played groups by outcome; the same counts as from the columns of their index. */
export function countPlayedGroups(groups: readonly Group[]): GroupCounts {
  const rows = groups.flatMap(({ trajectories }, group) =>
    trajectories.map((trajectory) => ({ group, trajectory })),
  );
  return countGroups({
    group: rows.map(({ group }) => group),
    success: rows.map(({ trajectory }) => (isSuccess(trajectory) ? 1 : 0)),
    // The precision of the index, so that equal returns are equal in both.
    return: rows.map(({ trajectory }) => Math.fround(trajectoryReturn(trajectory))),
  });
}

/** Text of an advisory: name, finding, advice and rule. */
export function describeAdvisory({ name, message, remedy, rule }: Advisory): string {
  return `${name.replaceAll("-", " ")}: ${message} ${remedy} (rule: ${rule})`;
}
