import type { ObserveActivity } from "../health/activity-tracker.ts";
import type { Advisory } from "../reader/advisories.ts";
import type { JsonObject, RecordedMetrics } from "../reader/read-run.ts";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";
import type { DecodeTokens } from "./open-decoder.ts";

/** Run that is exported. */
export interface ExportedRun {
  /** Name of its folder, without the path. */
  readonly name: string;
  readonly config: JsonObject;
  readonly manifest: JsonObject;
}

/** Trajectories of an iteration or an evaluation. */
export interface ExportedSegment {
  /** Name of its files in the run folder: `iteration-0007`. */
  readonly name: string;
  /** Decodes tokens; `undefined` where the tokenizer is not here. */
  readonly decode: DecodeTokens | undefined;
  /** Reads the trajectories one by one, so that memory does not grow with their number. */
  trajectories(): AsyncIterable<RecordedTrajectory>;
}

/** Event of a run, live or read from its folder afterwards. */
export type RunEvent =
  /** First event. */
  | { readonly kind: "start"; readonly run: ExportedRun }
  /** A line of metrics with its times and, for iterations and evaluations, its episodes. */
  | {
      readonly kind: "metrics";
      readonly line: RecordedMetrics;
      readonly timings: RecordedMetrics | undefined;
      readonly segment: ExportedSegment | undefined;
      /** Time at which it was written, milliseconds since 1970; estimated for a finished run. */
      readonly at: number;
    }
  /** A rule of `listAdvisories` fired for the first time. */
  | { readonly kind: "advisory"; readonly iteration: number; readonly advisory: Advisory }
  /** Last event of this process. */
  | { readonly kind: "end"; readonly state: "finished" | "stopped" };

/**
 * Sink of a run's events: one target of an export. Events come one after another, those of a resumed run
 * from its beginning, so a target that was written before is written again or skipped. Errors are
 * counted and never end the run.
 */
export interface RunExporter {
  /** Kind of the target. */
  readonly name: string;
  /** Place that it writes to, for people. */
  readonly destination: string;
  handle(event: RunEvent): Promise<void>;
  /** Receives every activity of a live run. */
  readonly observe?: ObserveActivity;
  close(): Promise<void>;
}

/** Name and number value of each metric of a line, the metrics of nested objects as `byKind/NAME`. */
export function listNumbers(line: JsonObject, prefix = ""): [string, number][] {
  return Object.entries(line).flatMap(([name, value]): [string, number][] => {
    if (typeof value === "number" && Number.isFinite(value)) return [[`${prefix}${name}`, value]];
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    return isNested ? listNumbers(value as JsonObject, `${prefix}${name}/`) : [];
  });
}

/** Names that say where in the run a line was written; they are no metrics. */
const positionNames = new Set(["warmStartEpoch", "iteration"]);

/** Prefix that tells apart the metrics of stages and evaluations: `evaluation/held_out/greedy`. */
export function nameLine({ stage, split, mode }: RecordedMetrics): string {
  return [stage, split, mode].filter((part) => typeof part === "string").join("/");
}

/** Position of a line on the time axis of charts: the epoch of the warm start, or the iteration. */
export function findStep({ stage, iteration, warmStartEpoch }: RecordedMetrics): number {
  return stage === "warm-start" ? warmStartEpoch : iteration;
}

/** Metrics of a line and its times under their full names: `iteration/success`, `seconds/collect`. */
export function listScalars(
  line: RecordedMetrics,
  timings: RecordedMetrics | undefined,
): [string, number][] {
  const prefix = `${nameLine(line)}/`;
  return [...listNumbers(line), ...(timings ? listNumbers(timings) : [])]
    .filter(([name]) => !positionNames.has(name))
    .map(([name, value]) => [`${prefix}${name}`, value]);
}
