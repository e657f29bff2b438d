import { basename, join, resolve } from "node:path";
import { watchAdvisories, type AdvisoryWatch } from "../health/advisory-watch.ts";
import { countGroups } from "../reader/count-groups.ts";
import { createFolderSource } from "../reader/folder-source.ts";
import {
  readConfig,
  readManifest,
  readMetrics,
  readTimings,
  type RecordedMetrics,
} from "../reader/read-run.ts";
import { readEpisodes, readTrajectory } from "../reader/read-trajectories.ts";
import type { RunSource } from "../reader/run-source.ts";
import { formatSegmentName } from "../records/format-segment-name.ts";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";
import { openDecoder, type DecodeTokens } from "./open-decoder.ts";
import type { ExportedSegment, RunEvent } from "./run-exporter.ts";

/** Events of a run folder, from its beginning. */
export interface RunFollower {
  /**
   * Returns events for everything written since the last call.
   * @throws `RangeError` for damaged files.
   */
  readNew(): AsyncIterable<RunEvent>;
}

/**
 * Follows a run folder, whether the run is live or finished: reads its new records and converts
 * them to events.
 * @param now - Current time, milliseconds since 1970. Default: estimated from the start of the run
 * and the recorded durations.
 */
export function followRun(path: string, now?: () => number): RunFollower {
  const source = createFolderSource(path);
  let numRead = 0;
  let advisories: AdvisoryWatch | undefined;
  let decode: DecodeTokens | undefined;
  let estimatedAt = 0;

  return {
    readNew: async function* () {
      if (advisories === undefined) {
        const [config, manifest] = [await readConfig(source), await readManifest(source)];
        const startedAt = Date.parse(String(manifest["startedAt"])) || 0;
        estimatedAt = startedAt;
        advisories = watchAdvisories({ metrics: [], timings: [], config, groups: [] });
        yield { kind: "start", run: { name: basename(resolve(path)), config, startedAt } };
      }
      const timings = await readTimings(source);
      for (const line of (await readMetrics(source)).slice(numRead)) {
        numRead += 1;
        const own = timings.find((one) => isSamePosition(one, line));
        estimatedAt += 1000 * sumSeconds(own);
        decode ??= await openDecoder(source, (name) => join(path, name));
        const name = formatSegmentName(line);
        const segment = name === undefined ? undefined : createSegment(source, name, decode);
        const at = now?.() ?? estimatedAt;
        yield { kind: "metrics", line, timings: own, segment, at };
        if (line.stage !== "iteration" || name === undefined) continue;
        const groups = countGroups((await readEpisodes(source, name)).index.columns);
        const fired = advisories.add({ metrics: line, timings: own ?? line, groups });
        for (const advisory of fired) {
          yield { kind: "advisory", iteration: line.iteration, advisory };
        }
      }
    },
  };
}

const isSamePosition = (a: RecordedMetrics, b: RecordedMetrics): boolean =>
  a.stage === b.stage && a.iteration === b.iteration && a["phase"] === b["phase"];

function sumSeconds(timings: RecordedMetrics | undefined): number {
  const seconds = Object.values((timings?.["seconds"] ?? {}) as Readonly<Record<string, number>>);
  return seconds.reduce((sum, value) => sum + value, 0);
}

function createSegment(
  source: RunSource,
  name: string,
  decode: DecodeTokens | undefined,
): ExportedSegment {
  return {
    name,
    decode,
    trajectories: async function* (): AsyncGenerator<RecordedTrajectory> {
      const episodes = await readEpisodes(source, name);
      for (let row = 0; row < episodes.index.numRows; row++) {
        yield await readTrajectory(source, episodes, row);
      }
    },
  };
}
