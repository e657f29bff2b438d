import { readObject, type JsonObject } from "./read-run.ts";
import { indexRecords, parseTrajectories, type SegmentEpisodes } from "./read-trajectories.ts";
import type { RunSource } from "./run-source.ts";

/** Evaluation in the folder of `turnwise evaluate`. */
export interface RecordedEvaluation {
  /** Name of the environment. */
  readonly environment: string;
  /** Options of the command. */
  readonly options: JsonObject;
  /** Results; `undefined` until the evaluation is complete. */
  readonly report: JsonObject | undefined;
  /** Episodes recorded so far, without an incomplete last line. */
  readonly episodes: SegmentEpisodes;
}

/**
 * Reads an evaluation, finished or not.
 * @throws `RangeError`, one line with file and line, if files are missing or damaged.
 */
export async function readSavedEvaluation(source: RunSource): Promise<RecordedEvaluation> {
  const { environment, options } = await readObject(source, "evaluation.json");
  const hasReport = (await source.read("report.json")) !== undefined;
  const path = "episodes.jsonl";
  const bytes = (await source.read(path)) ?? new Uint8Array();
  // Episodes are recorded as they end; episodes of the same task form a group.
  const records = parseTrajectories(bytes, `${source.name}/${path}`).sort((a, b) =>
    a.groupId === b.groupId
      ? a.trajectoryIndex - b.trajectoryIndex
      : readPosition(a.groupId) - readPosition(b.groupId),
  );
  return {
    environment: String(environment),
    options: (options ?? {}) as JsonObject,
    report: hasReport ? await readObject(source, "report.json") : undefined,
    episodes: indexRecords("episodes", records, bytes.length),
  };
}

/** Position of a task in its split: 7 for `evaluate/valid_seen/7`. */
function readPosition(groupId: string): number {
  return Number(groupId.slice(groupId.lastIndexOf("/") + 1));
}
