import { readIndexes } from "@turnwise/training/reader";
import type { ViewedRun } from "./load-runs.ts";
import type { TableBuilder } from "./trajectory-table.ts";

/** Time after which reading lets the page draw and respond, milliseconds. */
const sliceMilliseconds = 8;
/**
 * Maximum number of rows for which memory is reserved, because a damaged line of metrics may
 * contain any number.
 */
const maxReserved = 1e6;
/** Number of runs whose indexes are requested ahead of the run being read. */
const runsAhead = 3;

/**
 * Reads the indexes of segments that the builder lacks, run by run.
 * @param done - Names of the segments that the builder has, for each run; updated.
 * @param onProgress - Called every few milliseconds of work.
 * @returns Errors of segments that could not be read, one line each.
 * @throws Errors of a source whose connection breaks; the builder keeps the segments that were
 *   read.
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
  // The first `next` sends the request; the reader yields the segments in order.
  const firsts: ReturnType<(typeof readers)[number]["next"]>[] = [];
  let sliceStart = performance.now();
  for (const [i, { id, position, segments }] of runs.entries()) {
    for (let ahead = i; ahead <= Math.min(i + runsAhead, runs.length - 1); ahead++) {
      const first = (firsts[ahead] ??= readers[ahead]!.next());
      // The error is thrown below, when the run is read.
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
