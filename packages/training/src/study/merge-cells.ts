import { copyFile, mkdir } from "node:fs/promises";
import { exists } from "../files/exists.ts";
import { InputError } from "../input-error.ts";
import { toCanonicalJson } from "./canonical-json.ts";
import type { FailedCell, StudyCell } from "./cell.ts";
import { resolveCellPath, readCells, resolveStudyFolder } from "./study-folder.ts";
import { findFixedChange, readHistory, writeHistory, type StudyVersion } from "./study-history.ts";

/** Result of {@link mergeCells}, as names of cells. */
export interface MergeResult {
  readonly added: readonly string[];
  /** Cells that were already present with the same content. */
  readonly equal: readonly string[];
}

/**
 * Copies cells from other folders of the same study into a folder, for example from several
 * machines. A finished cell replaces a failed one.
 * @param into - Destination folder; created if it does not exist.
 * @param from - Source folders; each has `cells` and `study.json`.
 * @throws `InputError`, and changes nothing, if a folder belongs to another study, or two finished
 *   cells with the same name differ.
 */
export async function mergeCells(into: string, from: readonly string[]): Promise<MergeResult> {
  const target = resolveStudyFolder(into);
  const cells = await readCells(target.cells);
  let versions = await readHistory(target.history);
  const copies = new Map<string, string>();
  const equal = new Set<string>();
  const conflicts = new Set<string>();
  for (const path of from) {
    const source = resolveStudyFolder(path);
    if (!(await exists(source.cells))) {
      throw new InputError(`${path}: folder must contain cells of a study, got no ${source.cells}`);
    }
    versions = mergeVersions(versions, await readHistory(source.history), source.history);
    for (const [name, cell] of await readCells(source.cells)) {
      checkSameStudy(cell, cells, `${source.cells}/${name}.json`);
      const present = cells.get(name);
      if (present === undefined || (present.outcome === "failed" && cell.outcome === "finished")) {
        cells.set(name, cell);
        copies.set(name, resolveCellPath(source, name));
      } else if (cell.outcome === "finished") {
        if (toCanonicalJson(cell) === toCanonicalJson(present)) equal.add(name);
        else conflicts.add(name);
      }
    }
  }
  if (conflicts.size > 0) {
    throw new InputError(
      `study merge: finished cells with the same name must be equal, got different contents of ${[...conflicts].join(", ")} (delete the cell files that should not count)`,
    );
  }
  await mkdir(target.cells, { recursive: true });
  for (const [name, path] of copies) await copyFile(path, resolveCellPath(target, name));
  if (versions.length > 0) await writeHistory(target.history, versions);
  return {
    added: [...copies.keys()],
    equal: [...equal].filter((name) => !copies.has(name)),
  };
}

function checkSameStudy(
  { study }: StudyCell | FailedCell,
  cells: ReadonlyMap<string, StudyCell | FailedCell>,
  source: string,
): void {
  const [first] = cells.values();
  if (first === undefined || first.study.name === study.name) return;
  throw new InputError(
    `${source}: study.name must be ${first.study.name}, as in the other cells, got ${study.name}`,
  );
}

/** Merges two histories: the versions of the first, followed by new versions of the second. */
function mergeVersions(
  first: readonly StudyVersion[],
  second: readonly StudyVersion[],
  source: string,
): StudyVersion[] {
  const merged = [...first];
  for (const version of second) {
    if (merged.some(({ sha256 }) => sha256 === version.sha256)) continue;
    const last = merged.at(-1);
    const change = last && findFixedChange(last.study, version.study);
    if (change !== undefined) {
      throw new InputError(
        `${source}: ${change} must be the same in all copies of the study, got different values`,
      );
    }
    merged.push(version);
  }
  return merged;
}
