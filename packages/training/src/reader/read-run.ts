import { isSettings } from "../settings/merge-settings.ts";
import { parseJsonLines } from "../records/parse-json-lines.ts";
import type { RunSource } from "./run-source.ts";

/** JSON object in a file of a run folder. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One line of `metrics.jsonl` or `timings.jsonl`. */
export interface RecordedMetrics extends JsonObject {
  readonly stage: string;
  readonly warmStartEpoch: number;
  /** Number of the iteration; for an evaluation, the number of iterations before it. */
  readonly iteration: number;
}

/**
 * Reads versions, command, seed and hash of a run.
 * @throws `RangeError` if the file is missing or damaged.
 */
export async function readManifest(source: RunSource): Promise<JsonObject> {
  return readObject(source, "manifest.json");
}

/**
 * Reads all settings of a run, in the form in which its version wrote them.
 * @throws `RangeError` if the file is missing or damaged.
 */
export async function readConfig(source: RunSource): Promise<JsonObject> {
  return readObject(source, "config.json");
}

/**
 * Reads the metrics recorded so far. An incomplete last line (the run is writing it, or was killed)
 * is omitted.
 * @throws `RangeError`, one line, for damage before the last line.
 */
export async function readMetrics(source: RunSource): Promise<RecordedMetrics[]> {
  return readLines(source, "metrics.jsonl");
}

/** Reads the wall-clock times recorded so far, like {@link readMetrics}. */
export async function readTimings(source: RunSource): Promise<RecordedMetrics[]> {
  return readLines(source, "timings.jsonl");
}

async function readLines(source: RunSource, path: string): Promise<RecordedMetrics[]> {
  const where = `${source.name}/${path}`;
  const bytes = await source.read(path);
  const lines = bytes === undefined ? [] : parseJsonLines(bytes, where);
  return lines.map((line, i) => {
    if (isMetrics(line)) return line;
    throw new RangeError(
      `${where} record ${i + 1}: must have stage, warmStartEpoch and iteration, got ${Object.keys(line).join(", ")}`,
    );
  });
}

function isMetrics(line: JsonObject): line is RecordedMetrics {
  return (
    typeof line["stage"] === "string" &&
    typeof line["warmStartEpoch"] === "number" &&
    typeof line["iteration"] === "number"
  );
}

/** Reads a file that contains one JSON object. @throws `RangeError` if it is missing or damaged. */
export async function readObject(source: RunSource, path: string): Promise<JsonObject> {
  const bytes = await source.read(path);
  const where = `${source.name}/${path}`;
  if (bytes === undefined) throw new RangeError(`${where}: no such file`);
  return parseObject(bytes, where);
}

function parseObject(bytes: Uint8Array, where: string): JsonObject {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isSettings(value)) return value;
  } catch (cause) {
    throw new RangeError(`${where}: file is not valid JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  throw new RangeError(`${where}: must be a JSON object`);
}

/** State of a run. */
export type RunState = "running" | "finished" | "interrupted" | "failed";

/** Progress of a run, derived from its files. */
export interface RunProgress {
  readonly state: RunState;
  /** Number of completed iterations; `numIterations`: the number in the configuration. */
  readonly iterations: number;
  readonly numIterations: number | undefined;
  /** Success rate of the latest iteration or evaluation that has one. */
  readonly success: number | undefined;
}

/** Number of missed heartbeats after which an unfinished run counts as interrupted. */
const maxMissedBeats = 6;

/**
 * Reads the progress of a run. An unfinished run is `failed` if an error ended it, `running` while
 * its heartbeat is recent, and otherwise `interrupted`. Without a heartbeat, as in runs of version
 * 1, a run is finished once its last evaluation is recorded.
 * @param now - Current time, milliseconds since 1970.
 * @param known - Metrics and settings, if they were read already.
 */
export async function readProgress(
  source: RunSource,
  now: number,
  known?: { readonly metrics: readonly RecordedMetrics[]; readonly config: JsonObject },
): Promise<RunProgress> {
  const metrics = known?.metrics ?? (await readMetrics(source));
  const config = known?.config ?? (await readConfig(source));
  const heartbeat = await readHeartbeat(source);
  const training = config["training"] as JsonObject | undefined;
  const numIterations = training?.["iterations"];
  const measured = metrics.filter(({ stage }) => stage !== "warm-start");
  const isEvaluatedAfter = metrics.some((line) => line["phase"] === "after");
  return {
    state: heartbeat ? findState(heartbeat, now) : isEvaluatedAfter ? "finished" : "interrupted",
    iterations: metrics.filter(({ stage }) => stage === "iteration").length,
    numIterations: typeof numIterations === "number" ? numIterations : undefined,
    success: measured.map((line) => line["success"]).findLast((value) => typeof value === "number"),
  };
}

function findState({ state, time, intervalSeconds }: Heartbeat, now: number): RunState {
  if (state === "finished") return "finished";
  if (state === "stopped") return "failed";
  const isLate = now - time >= maxMissedBeats * 1000 * intervalSeconds;
  return state === "running" && !isLate ? "running" : "interrupted";
}

interface Heartbeat {
  readonly state: unknown;
  readonly time: number;
  readonly intervalSeconds: number;
}

async function readHeartbeat(source: RunSource): Promise<Heartbeat | undefined> {
  const path = "heartbeat.json";
  const bytes = await source.read(path);
  if (bytes === undefined) return undefined;
  const where = `${source.name}/${path}`;
  const { state, at, intervalSeconds } = parseObject(bytes, where);
  const time = typeof at === "string" ? Date.parse(at) : Number.NaN;
  if (typeof intervalSeconds !== "number" || Number.isNaN(time)) {
    throw new RangeError(`${where}: at must be a time, and intervalSeconds must be a number`);
  }
  return { state, time, intervalSeconds };
}
