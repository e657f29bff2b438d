import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../files/exists.ts";
import { InputError } from "../input-error.ts";
import { writeWhole } from "../files/write-whole.ts";
import { formatCellName, readCell, type FailedCell, type StudyCell } from "./cell.ts";

/** Paths within the folder of a study. */
export interface StudyFolder {
  readonly path: string;
  /** File with the versions of the study file under which cells ran. */
  readonly history: string;
  readonly cells: string;
  readonly runs: string;
  readonly starts: string;
  readonly logs: string;
  readonly locks: string;
}

/** Resolves the paths in the folder of a study. */
export function resolveStudyFolder(path: string): StudyFolder {
  const inside = (name: string): string => join(path, name);
  return {
    path,
    history: inside("study.json"),
    cells: inside("cells"),
    runs: inside("runs"),
    starts: inside("starts"),
    logs: inside("logs"),
    locks: inside("locks"),
  };
}

/** Resolves the path of a cell file. */
export function resolveCellPath(folder: Pick<StudyFolder, "cells">, name: string): string {
  return join(folder.cells, `${name}.json`);
}

/** Writes a cell file. */
export async function writeCell(
  folder: Pick<StudyFolder, "cells">,
  name: string,
  cell: StudyCell | FailedCell,
): Promise<void> {
  await writeWhole(resolveCellPath(folder, name), `${JSON.stringify(cell)}\n`);
}

/** Deletes the file of a failed cell before a retry. */
export async function dropFailedCell(
  folder: Pick<StudyFolder, "cells">,
  cell: StudyCell | FailedCell | undefined,
): Promise<void> {
  if (cell?.outcome === "failed")
    await rm(resolveCellPath(folder, formatCellName(cell)), { force: true });
}

/**
 * Reads all cells of a folder, by name.
 * @param path - Folder of the cell files.
 * @throws `InputError` for a file that is damaged, or whose name differs from the name of its cell.
 */
export async function readCells(path: string): Promise<Map<string, StudyCell | FailedCell>> {
  const cells = new Map<string, StudyCell | FailedCell>();
  if (!(await exists(path))) return cells;
  const names = (await readdir(path)).filter((name) => name.endsWith(".json")).sort();
  for (const file of names) {
    const name = file.slice(0, -".json".length);
    const cell = await readCell(join(path, file));
    const own = formatCellName(cell);
    if (own !== name) {
      throw new InputError(`${join(path, file)}: must have the file name of its cell, ${own}.json`);
    }
    cells.set(name, cell);
  }
  return cells;
}
