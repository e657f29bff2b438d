import {
  listSegments,
  readConfig,
  readManifest,
  readMetrics,
  readProgress,
  readTimings,
  createUrlSource,
  type JsonObject,
  type ListedRun,
  type RecordedMetrics,
  type RunList,
  type RunProgress,
  type RunSource,
  type Segment,
} from "@turnwise/training/reader";
import { createEmbeddedSource } from "./embedded-source.ts";

/** A run on the page, with the contents of its small files. */
export interface ViewedRun extends ListedRun {
  /** Position in the list of runs. */
  readonly position: number;
  readonly source: RunSource;
  readonly config: JsonObject;
  readonly manifest: JsonObject;
  readonly metrics: readonly RecordedMetrics[];
  readonly timings: readonly RecordedMetrics[];
  readonly segments: readonly Segment[];
  readonly progress: RunProgress;
  readonly seed: number;
  /** Errors of files that are not needed to show the run, one line each. */
  readonly problems: readonly string[];
}

/** Opens the runs of the page: the runs exported into it, or the runs that its server lists. */
export async function loadRunList(): Promise<RunList> {
  const embedded = document.getElementById("runs")?.textContent;
  if (embedded !== undefined) return JSON.parse(embedded) as RunList;
  const response = await fetch("runs.json", { cache: "no-cache" });
  if (!response.ok) throw new Error(`runs.json: status must be 200, got ${response.status}`);
  return (await response.json()) as RunList;
}

/**
 * Reads the small files of a run. Omits the information of files that are damaged.
 * @throws `RangeError`, one line, for damaged metrics, without which nothing can be shown.
 */
export async function loadRun(
  { id, name }: ListedRun,
  position: number,
  isLive: boolean,
): Promise<ViewedRun> {
  const source = isLive ? createUrlSource(`runs/${id}`) : createEmbeddedSource(id);
  const problems: string[] = [];
  const orElse = <Value>(read: Promise<Value>, fallback: Value): Promise<Value> =>
    read.catch((error: unknown) => {
      // Errors of the connection say nothing about the file.
      if (!(error instanceof RangeError)) throw error;
      problems.push(error.message);
      return fallback;
    });
  const [config, manifest, metrics, timings] = await Promise.all([
    orElse<JsonObject>(readConfig(source), {}),
    orElse<JsonObject>(readManifest(source), {}),
    readMetrics(source),
    orElse(readTimings(source), []),
  ]);
  const progress = await orElse(readProgress(source, Date.now(), { metrics, config }), {
    state: "interrupted",
    iterations: metrics.filter(({ stage }) => stage === "iteration").length,
    numIterations: undefined,
    success: undefined,
  });
  const seed = Number(config["seed"] ?? manifest["seed"] ?? Number.NaN);
  const segments = listSegments(metrics);
  return {
    id,
    name,
    position,
    source,
    config,
    manifest,
    metrics,
    timings,
    segments,
    progress,
    seed,
    problems,
  };
}
