import { readIndexes } from "@turnwise/training/reader";
import type { ViewedRun } from "./load-runs.ts";
import type { TableBuilder } from "./trajectory-table.ts";

/** Milliseconds of work after which the page may draw and answer. */
const sliceMilliseconds = 8;
/** Rows that lines of metrics are believed to announce: damaged ones may say anything. */
const maxReserved = 1e6;
/** Runs whose indexes are requested ahead of the one that is being read. */
const runsAhead = 3;

/**
 * Reads the indexes of segments that the builder lacks, run by run.
 * @param done - Segments of each run that the builder has, by name; updated.
 * @param onProgress - Called after every few milliseconds of work.
 * @returns Errors of segments that could not be read, one line each.
 * @throws What a source throws whose connection breaks: the builder keeps what was read until then.
 */
export async function readAllIndexes(
  builder: TableBuilder,
  runs: readonly ViewedRun[],
  done: Map<string, Set<string>>,
  onProgress: () => void,
): Promise<string[]> {
  const errors: string[] = [];
  const missing = runs.map(({ id, segments }) =>
    segments.filter(({ name }) => done.get(id)?.has(name) !== true),
  );
  const numNew = missing.flat().reduce((sum, one) => sum + countEpisodes(one), 0);
  builder.reserve(builder.length + Math.min(maxReserved, numNew));
  const readers = runs.map(({ source }, i) =>
    readIndexes(
      source,
      missing[i]!.map(({ name }) => name),
    ),
  );
  // The first `next` sends the request; a reader gives one segment after the other.
  const firsts: ReturnType<(typeof readers)[number]["next"]>[] = [];
  let sliceStart = performance.now();
  for (const [i, { id, position, segments }] of runs.entries()) {
    for (let ahead = i; ahead <= Math.min(i + runsAhead, runs.length - 1); ahead++) {
      const first = (firsts[ahead] ??= readers[ahead]!.next());
      // An error is thrown below, where its run is read.
      first.catch(() => undefined);
    }
    const known = done.get(id) ?? new Set();
    done.set(id, known);
    const positions = new Map(segments.map(({ name }, at) => [name, at]));
    for (let next = await firsts[i]!; next.done !== true; next = await readers[i]!.next()) {
      const { value } = next;
      if ("error" in value) errors.push(value.error);
      else builder.append(position, positions.get(value.name)!, value.episodes);
      known.add(value.name);
      if (performance.now() - sliceStart < sliceMilliseconds) continue;
      onProgress();
      await new Promise((resolve) => setTimeout(resolve));
      sliceStart = performance.now();
    }
  }
  return errors;
}

function countEpisodes({ metrics }: ViewedRun["segments"][number]): number {
  const { episodes } = metrics;
  return typeof episodes === "number" ? episodes : 0;
}
