import { formatSegmentName } from "../records/format-segment-name.ts";
import {
  decodeIndex,
  encodeIndex,
  readIndexRow,
  type TrajectoryIndex,
} from "../records/index-file.ts";
import type { IndexRow } from "../records/index-columns.ts";
import { parseJsonLines } from "../records/parse-json-lines.ts";
import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";
import { summarizeTrajectory } from "../records/summarize-trajectory.ts";
import { gunzip } from "./gunzip.ts";
import { packedIndexesPath, unpackIndexes } from "./packed-indexes.ts";
import type { RecordedMetrics } from "./read-run.ts";
import type { RunSource } from "./run-source.ts";

/** Episodes of an iteration or evaluation, with their line of metrics. */
export interface Segment {
  /** Name of the segment's files below `trajectories/`: `iteration-0007`. */
  readonly name: string;
  readonly metrics: RecordedMetrics;
}

/**
 * Episodes of a segment. `index` contains their columns; {@link readTrajectory} reads a single
 * episode.
 */
export interface SegmentEpisodes {
  readonly name: string;
  readonly index: TrajectoryIndex;
  /** All records; only if the file has no index (version 1). */
  readonly records?: readonly RecordedTrajectory[];
}

/**
 * Lists segments with episodes, in the order in which the run wrote them. A line of metrics is written
 * after its episodes, so listed segments can be read even while the run continues.
 */
export function listSegments(metrics: readonly RecordedMetrics[]): Segment[] {
  return metrics.flatMap((line) => {
    const name = formatSegmentName(line);
    return name === undefined ? [] : [{ name, metrics: line }];
  });
}

/**
 * Reads the index of a segment without its episodes. For version 1, which has no index, all
 * episodes are read and the index is built from them.
 * @throws `RangeError`, one line, if files are missing or damaged.
 */
export async function readEpisodes(source: RunSource, name: string): Promise<SegmentEpisodes> {
  const path = indexPath(name);
  const bytes = await source.read(path);
  if (bytes === undefined) return readWithoutIndex(source, name);
  return { name, index: decodeIndex(bytes, `${source.name}/${path}`) };
}

/** Segment with its index, or with the reason why the index could not be read. */
export type ReadSegment =
  | { readonly name: string; readonly episodes: SegmentEpisodes }
  | { readonly name: string; readonly error: string };

/**
 * Maximum number of indexes that are requested separately, such as the new indexes of a live run.
 */
const maxSingleReads = 8;

/**
 * Reads the indexes of segments. If the source provides packed indexes, reads them in one request,
 * and only the missing ones from their own files.
 * @param names - Names of the segments, without repeats.
 * @returns Each segment once, as soon as its index arrives.
 */
export async function* readIndexes(
  source: RunSource,
  names: readonly string[],
): AsyncGenerator<ReadSegment> {
  const missing = new Set(names);
  const packed =
    names.length > maxSingleReads ? await source.stream?.(packedIndexesPath) : undefined;
  if (packed !== undefined) {
    const entries = unpackIndexes(packed, `${source.name}/${packedIndexesPath}`);
    for await (const { name, bytes } of entries) {
      if (!missing.delete(name)) continue;
      yield tryDecode(name, () => decodeIndex(bytes, `${source.name}/${indexPath(name)}`));
    }
  }
  const rest = [...missing];
  for (let start = 0; start < rest.length; start += maxSingleReads) {
    const batch = rest.slice(start, start + maxSingleReads);
    yield* await Promise.all(batch.map((name) => tryRead(source, name)));
  }
}

function tryDecode(name: string, decode: () => TrajectoryIndex): ReadSegment {
  try {
    return { name, episodes: { name, index: decode() } };
  } catch (error) {
    return { name, error: (error as Error).message };
  }
}

function tryRead(source: RunSource, name: string): Promise<ReadSegment> {
  return readEpisodes(source, name).then(
    (episodes) => ({ name, episodes }),
    (error: Error) => ({ name, error: error.message }),
  );
}

/**
 * Reads one trajectory; only its part of the file is read.
 * @param row - Row of the trajectory in the index, from 0.
 * @throws `RangeError`, one line, if there is no such row, or the file is missing, cut short or
 *   damaged.
 */
export async function readTrajectory(
  source: RunSource,
  episodes: SegmentEpisodes,
  row: number,
): Promise<RecordedTrajectory> {
  const { name, index, records } = episodes;
  const { offset, length, task } = readIndexRow(index, row);
  if (records !== undefined) return records[row]!;
  const path = packedPath(name);
  const where = `${source.name}/${path} row ${row}`;
  const member = await source.read(path, { offset, length });
  if (member === undefined) throw new RangeError(`${source.name}/${path}: no such file`);
  if (member.length < length) {
    throw new RangeError(
      `${where}: file must have ${index.packedBytes} bytes, got ${offset + member.length}`,
    );
  }
  const [trajectory] = parseTrajectories(await gunzip(member, where), where);
  if (trajectory?.taskId === task) return trajectory;
  throw new RangeError(`${where}: taskId must be ${task}, got ${trajectory?.taskId ?? "nothing"}`);
}

const indexPath = (name: string): string => `trajectories/${name}.index`;
const packedPath = (name: string): string => `trajectories/${name}.jsonl.gz`;

async function readWithoutIndex(source: RunSource, name: string): Promise<SegmentEpisodes> {
  const path = packedPath(name);
  const where = `${source.name}/${path}`;
  const packed = await source.read(path);
  if (packed === undefined) throw new RangeError(`${where}: no such file`);
  const records = await gunzip(packed, where)
    .then((bytes) => parseTrajectories(bytes, where))
    .catch((cause: Error) => {
      throw new RangeError(
        `${source.name}/${indexPath(name)}: no such file, and the episodes cannot be read without it: ${cause.message}`,
        { cause },
      );
    });
  const wrong = records.find(({ version }) => version !== 1);
  if (wrong !== undefined) {
    throw new RangeError(
      `${source.name}/trajectories/${name}.index: no such file, but records of version ${wrong.version} need it`,
    );
  }
  return indexRecords(name, records, packed.length);
}

/**
 * Creates the index of episodes that were recorded without an index.
 * @param numBytes - Size of the episodes' file, bytes.
 */
export function indexRecords(
  name: string,
  records: readonly RecordedTrajectory[],
  numBytes: number,
): SegmentEpisodes {
  const groups = new Map<string, number>();
  for (const { groupId } of records) if (!groups.has(groupId)) groups.set(groupId, groups.size);
  const rows = records.map((record): IndexRow => {
    const group = groups.get(record.groupId)!;
    const iteration = Number(/^iteration-(\d+)/u.exec(name)?.[1] ?? 0);
    const summary = summarizeTrajectory(record, { iteration, group, seed: Number.NaN });
    return { ...summary, offset: Number.NaN, length: 0 };
  });
  return { name, records, index: decodeIndex(encodeIndex(rows, numBytes), name) };
}

/** Parses records of any version. @throws `RangeError` naming the damaged line. */
export function parseTrajectories(bytes: Uint8Array, where: string): RecordedTrajectory[] {
  return parseJsonLines(bytes, where).map((record) => {
    const { version } = record;
    if (version === 1 || version === 2) return record as unknown as RecordedTrajectory;
    throw new RangeError(`${where}: version must be 1 or 2, got ${String(version)}`);
  });
}
