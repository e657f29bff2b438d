import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { InputError } from "@turnwise/training";
import type { ListedRun } from "@turnwise/training/reader";
import { listRunFolders, type RunFolderEntry } from "@turnwise/training/reader/node";

/** Run folder and its name in URLs. */
export interface FoundRun extends ListedRun {
  readonly path: string;
}

/**
 * Finds the runs that a user named: run folders, and folders with runs at any depth, such as studies.
 * @throws `InputError` for a path without runs.
 */
export async function findRuns(paths: readonly string[]): Promise<FoundRun[]> {
  const folders: string[] = [];
  for (const path of paths) {
    const found = await listFolders(path);
    const runs = found.filter(({ kind }) => kind === "run");
    if (runs.length === 0) {
      throw new InputError(
        `${path}: must be a run, a folder of runs or the folder of a study, got ${found.length === 0 ? "a folder without runs" : "a folder with evaluations only"}`,
      );
    }
    folders.push(...(await Promise.all(runs.map((run) => realpath(join(path, run.path))))));
  }
  const unique = [...new Set(folders)];
  const parent = commonParent(unique);
  const ids = new Set<string>();
  return unique.map((path) => {
    const name = relative(parent, path).replaceAll("\\", "/");
    return { id: uniqueId(name, ids), name, path };
  });
}

async function listFolders(path: string): Promise<RunFolderEntry[]> {
  try {
    return await listRunFolders(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InputError(
      `${path}: folder ${code === "ENOENT" ? "not found" : `cannot be read: ${message}`}`,
      { cause },
    );
  }
}

/** Deepest folder that contains all runs. */
function commonParent(paths: readonly string[]): string {
  let parent = dirname(resolve(paths[0]!));
  while (paths.some((path) => relative(parent, path).startsWith(".."))) parent = dirname(parent);
  return parent;
}

function uniqueId(name: string, taken: Set<string>): string {
  const base = name.replaceAll(/[^\w.-]+/gu, "-").replace(/^\.+/u, "") || basename(name) || "run";
  let id = base;
  for (let i = 2; taken.has(id); i++) id = `${base}-${i}`;
  taken.add(id);
  return id;
}
