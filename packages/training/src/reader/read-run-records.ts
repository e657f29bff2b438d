import { advisoryWindow, type RunRecords } from "./advisories.ts";
import { countGroups } from "./count-groups.ts";
import { readConfig, readMetrics, readTimings } from "./read-run.ts";
import { listSegments, readEpisodes } from "./read-trajectories.ts";
import type { RunSource } from "./run-source.ts";

/**
 * Reads the inputs of `listAdvisories`: metrics, times, settings, and the groups of the last
 * iterations.
 * @throws `RangeError`, one line, if files are missing or damaged.
 */
export async function readRunRecords(source: RunSource): Promise<RunRecords> {
  const metrics = await readMetrics(source);
  const segments = listSegments(metrics.filter(({ stage }) => stage === "iteration"));
  const groups = [];
  for (const { name } of segments.slice(-advisoryWindow)) {
    groups.push(countGroups((await readEpisodes(source, name)).index.columns));
  }
  return { metrics, timings: await readTimings(source), config: await readConfig(source), groups };
}
