import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Folder of a run or an evaluation. */
export interface RunFolderEntry {
  /**
   * Path relative to the searched folder, with slashes; empty if it is the searched folder itself.
   */
  readonly path: string;
  readonly kind: "run" | "evaluation";
}

/** Size and age of a folder. */
export interface FolderSize {
  /** Total size of all files, bytes. */
  readonly bytes: number;
  /** Modification time of the newest file, milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** Maximum depth of a run below the searched folder, as in `studies/NAME/runs/CELL`. */
const maxDepth = 4;

/**
 * Finds the folders of runs and evaluations below a folder, including the runs of studies, ordered
 * by path with numbers by value (`seed-2` before `seed-10`). Folders that disappear meanwhile are
 * skipped.
 * @throws The system's error if the searched folder cannot be read.
 */
export async function listRunFolders(folder: string): Promise<RunFolderEntry[]> {
  await readdir(folder);
  const byPath = new Intl.Collator("en", { numeric: true });
  return (await search(folder, "", 0)).sort((a, b) => byPath.compare(a.path, b.path));
}

async function search(folder: string, path: string, depth: number): Promise<RunFolderEntry[]> {
  const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(() => []);
  const names = new Set(entries.map(({ name }) => name));
  // A damaged run without a manifest still counts as a run.
  const isRun =
    names.has("config.json") && (names.has("manifest.json") || names.has("metrics.jsonl"));
  if (isRun || names.has("evaluation.json")) {
    const kind = isRun ? "run" : "evaluation";
    return [{ path, kind }];
  }
  if (depth === maxDepth) return [];
  const inner = entries.filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules",
  );
  const found = inner.map(({ name }) =>
    search(folder, path === "" ? name : `${path}/${name}`, depth + 1),
  );
  return (await Promise.all(found)).flat();
}

/** Measures a folder with all its contents; files that disappear meanwhile count as 0 bytes. */
export async function measureFolder(folder: string): Promise<FolderSize> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  let bytes = 0;
  let modifiedAt = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += file?.size ?? 0;
    modifiedAt = Math.max(modifiedAt, file?.mtimeMs ?? 0);
  }
  return { bytes, modifiedAt };
}
