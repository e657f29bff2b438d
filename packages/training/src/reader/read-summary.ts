import {
  readConfig,
  readManifest,
  readProgress,
  type JsonObject,
  type RunProgress,
} from "./read-run.ts";
import type { RunSource } from "./run-source.ts";

/** Description and progress of a run. */
export interface RunSummary extends RunProgress {
  readonly experiment: string;
  readonly seed: number | undefined;
  /** Kinds of the advantages and of the surrogate: `group, clipped`. */
  readonly algorithm: string;
  readonly modulator: string;
  /** Start time, ISO 8601. */
  readonly startedAt: string | undefined;
  /** Version of the records. */
  readonly recordVersion: number;
}

/**
 * Reads the description and progress of a run, whether running, finished or interrupted.
 * @param now - Current time, milliseconds since 1970.
 * @throws `RangeError`, one line, if files are missing or damaged.
 */
export async function readSummary(source: RunSource, now: number): Promise<RunSummary> {
  const config = await readConfig(source);
  const manifest = await readManifest(source);
  const { seed } = config;
  const { startedAt, recordVersion } = manifest;
  const { advantages, surrogate } = toObject(config["algorithm"]);
  return {
    experiment: toText(config["experiment"]) ?? "unknown",
    seed: typeof seed === "number" ? seed : undefined,
    algorithm: [advantages, surrogate].map(nameKind).join(", "),
    modulator: nameKind(config["modulation"]),
    startedAt: toText(startedAt),
    recordVersion: typeof recordVersion === "number" ? recordVersion : 1,
    ...(await readProgress(source, now)),
  };
}

/** Returns the kind of a setting that has several kinds, or the name of a custom component. */
function nameKind(value: unknown): string {
  const { kind, name } = toObject(value);
  return (kind === "custom" ? toText(name) : undefined) ?? toText(kind) ?? "unknown";
}

const toText = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

const toObject = (value: unknown): JsonObject =>
  typeof value === "object" && value !== null ? (value as JsonObject) : {};
