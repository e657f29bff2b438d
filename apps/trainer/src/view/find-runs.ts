import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { InputError } from "@turnwise/training";
import type { ListedRun } from "@turnwise/training/reader";

/** Run folder with its name in addresses. */
export interface FoundRun extends ListedRun {
  readonly path: string;
}

/**
 * Finds the runs that a user named: run folders, folders of runs, and studies, whose runs are under
 * `runs/`.
 * @throws `InputError` for a path without runs.
 */
export async function findRuns(paths: readonly string[]): Promise<FoundRun[]> {
  const folders: string[] = [];
  for (const path of paths) {
    const found = await runsWithin(path);
    if (found.length === 0) {
      throw new InputError(
        `${path}: must be a run, a folder of runs or the folder of a study, got ${existsSync(path) ? "no config.json within" : "no such folder"}`,
      );
    }
    folders.push(...found);
  }
  const unique = [...new Set(folders)];
  const parent = commonParent(unique);
  const ids = new Set<string>();
  return unique.map((path) => {
    const name = relative(parent, path).replaceAll("\\", "/");
    return { id: uniqueId(name, ids), name, path };
  });
}

/** A run is named by its configuration: it exists before the first line of metrics. */
const isRun = (path: string): boolean => existsSync(join(path, "config.json"));

async function runsWithin(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  if (isRun(path)) return [await realpath(path)];
  for (const parent of [join(path, "runs"), path]) {
    if (!existsSync(parent)) continue;
    const entries = await readdir(parent, { withFileTypes: true });
    const runs = entries.map(({ name }) => join(parent, name)).filter(isRun);
    const byName = new Intl.Collator("en", { numeric: true });
    const real = await Promise.all(runs.sort(byName.compare).map((run) => realpath(run)));
    if (real.length > 0) return real;
  }
  return [];
}

/** Deepest folder that holds all runs. */
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
