import type { ObserveActivity } from "../health/activity-tracker.ts";
import type { Advisory } from "../reader/advisories.ts";
import type { JsonObject, RecordedMetrics } from "../reader/read-run.ts";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";
import type { DecodeTokens } from "./open-decoder.ts";

/** Run that is exported. */
export interface ExportedRun {
  /** Name of the run folder, without the path. */
  readonly name: string;
  readonly config: JsonObject;
  /** Start of the first process, milliseconds since 1970; 0 if unknown. */
  readonly startedAt: number;
}

/** Trajectories of an iteration or an evaluation. */
export interface ExportedSegment {
  /** Name of the segment's files in the run folder: `iteration-0007`. */
  readonly name: string;
  /** Decodes tokens; `undefined` if the tokenizer is not available. */
  readonly decode: DecodeTokens | undefined;
  /** Reads the trajectories one by one, to bound memory. */
  trajectories(): AsyncIterable<RecordedTrajectory>;
}

/** Event of a run, emitted live or read from its folder later. */
export type RunEvent =
  /** First event. */
  | { readonly kind: "start"; readonly run: ExportedRun }
  /** A line of metrics with the durations and, for iterations and evaluations, the episodes. */
  | {
      readonly kind: "metrics";
      readonly line: RecordedMetrics;
      readonly timings: RecordedMetrics | undefined;
      readonly segment: ExportedSegment | undefined;
      /**
       * Time at which the line was written, milliseconds since 1970; an estimate for a finished
       * run.
       */
      readonly at: number;
    }
  /** A rule of `listAdvisories` fired for the first time. */
  | { readonly kind: "advisory"; readonly iteration: number; readonly advisory: Advisory }
  /** Last event of this process. */
  | { readonly kind: "end"; readonly state: "finished" | "stopped" };

/**
 * Sink of a run's events: one target of an export. Events arrive one after another. A resumed run
 * sends its events from the beginning, so a target rewrites or skips what it has already written.
 * Errors are counted and never end the run.
 */
export interface RunExporter {
  /** Kind of the target. */
  readonly name: string;
  /** Location of the output, for messages. */
  readonly destination: string;
  handle(event: RunEvent): Promise<void>;
  /** Receives every activity of a live run. */
  readonly observe?: ObserveActivity;
  close(): Promise<void>;
}

/** Fields of a line that give its position in the run; they are not metrics. */
const positionNames = new Set(["warmStartEpoch", "iteration"]);

/**
 * Lists the finite metrics and durations of a line with their names; those of nested objects are
 * named `byKind/NAME`.
 */
export function listNumbers(
  line: RecordedMetrics,
  timings: RecordedMetrics | undefined,
): [string, number][] {
  return [...listEntries(line, ""), ...(timings ? listEntries(timings, "") : [])].filter(
    ([name]) => !positionNames.has(name),
  );
}

function listEntries(object: JsonObject, prefix: string): [string, number][] {
  return Object.entries(object).flatMap(([name, value]): [string, number][] => {
    if (typeof value === "number" && Number.isFinite(value)) return [[`${prefix}${name}`, value]];
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    return isNested ? listEntries(value as JsonObject, `${prefix}${name}/`) : [];
  });
}

/** Returns the prefix of the metrics of a stage or an evaluation: `evaluation/held_out/greedy`. */
export function nameLine({ stage, split, mode }: RecordedMetrics): string {
  return [stage, split, mode].filter((part) => typeof part === "string").join("/");
}

/**
 * Returns the position of a line on the time axis of charts: the epoch of the warm start, or the
 * iteration.
 */
export function findStep({ stage, iteration, warmStartEpoch }: RecordedMetrics): number {
  return stage === "warm-start" ? warmStartEpoch : iteration;
}

/**
 * Metrics and durations of a line under their full names: `iteration/success`, `seconds/collect`.
 */
export function listScalars(
  line: RecordedMetrics,
  timings: RecordedMetrics | undefined,
): [string, number][] {
  const prefix = `${nameLine(line)}/`;
  return listNumbers(line, timings).map(([name, value]) => [`${prefix}${name}`, value]);
}
