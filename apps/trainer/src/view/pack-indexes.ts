import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { listSegments, packIndex, readMetrics } from "@turnwise/training/reader";
import { createFolderSource } from "@turnwise/training/reader/node";

/** Number of files that are read at the same time. */
const parallelReads = 16;

/**
 * Packs all indexes of a run into one response, in parts, so that a page sends one request instead
 * of hundreds. Omits indexes that are missing, are symbolic links, or cannot be read; pages request
 * them by name.
 * @param run - Folder of the run.
 * @throws `RangeError` if the metrics, which list the segments, are damaged.
 */
export async function* packIndexes(run: string): AsyncGenerator<Uint8Array> {
  const segments = listSegments(await readMetrics(createFolderSource(run)));
  const folder = join(run, "trajectories");
  const files = await listFiles(run, folder);
  const found = segments.filter(({ name }) => files.has(`${name}.index`));
  for (let start = 0; start < found.length; start += parallelReads) {
    const batch = found.slice(start, start + parallelReads).map(async ({ name }) => {
      const bytes = await readFile(join(folder, `${name}.index`)).catch(() => undefined);
      return bytes === undefined ? [] : [packIndex({ name, bytes })];
    });
    yield* (await Promise.all(batch)).flat();
  }
}

/** Names of the files in a folder of a run; empty if a symbolic link leaves the run folder. */
async function listFiles(run: string, folder: string): Promise<Set<string>> {
  try {
    if ((await realpath(folder)) !== join(await realpath(run), "trajectories")) return new Set();
    const entries = await readdir(folder, { withFileTypes: true });
    return new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
  } catch {
    return new Set();
  }
}
