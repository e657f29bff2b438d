import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** A folder with records. */
export interface RunFolderEntry {
  /** Path below the folder that was searched, with slashes; empty if it is that folder. */
  readonly path: string;
  readonly kind: "run" | "evaluation";
  /** Size of all files, bytes. */
  readonly bytes: number;
  /** Time of the newest file, milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** Folders between the one that is searched and a run: `studies/NAME/runs/CELL`. */
const maxDepth = 4;

/**
 * Finds the folders of runs and evaluations below a folder, those of studies included, in the order of
 * their paths. Folders that disappear meanwhile are left out.
 * @throws the system's error if the folder itself cannot be read.
 */
export async function listRunFolders(folder: string): Promise<RunFolderEntry[]> {
  await readdir(folder);
  return (await search(folder, "", 0)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function search(folder: string, path: string, depth: number): Promise<RunFolderEntry[]> {
  const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(() => []);
  const names = new Set(entries.map(({ name }) => name));
  // A damaged run without a manifest is still listed as a run.
  const isRun =
    names.has("config.json") && (names.has("manifest.json") || names.has("metrics.jsonl"));
  if (isRun || names.has("evaluation.json")) {
    const kind = isRun ? "run" : "evaluation";
    return [{ path, kind, ...(await measureFolder(join(folder, path))) }];
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

async function measureFolder(
  folder: string,
): Promise<Pick<RunFolderEntry, "bytes" | "modifiedAt">> {
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
