import { rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../input-error.ts";
import { toCanonicalJson } from "./canonical-json.ts";
import type { FailedCell, StudyCell } from "./cell.ts";
import { withLock } from "../files/lock.ts";
import type { CellPlan } from "./plan-cells.ts";
import { createCellOrigin, runCell, findStart, type CellContext } from "./run-cell.ts";
import { computeStart, isStartComplete } from "./shared-start.ts";
import { dropFailedCell, readCells, writeCell } from "./study-folder.ts";
import { checkConfig } from "../settings/config.ts";

/** Options of {@link runCellTask}. */
export interface CellTaskOptions {
  /** Allows the arms of a pair to run on different CPU models. Default false. */
  readonly allowMixedProcessors?: boolean;
  /**
   * All cells of the study; given if no scheduler coordinates them. The cell then computes its
   * shared start, or waits for the process that computes it, and the last cell deletes the start.
   */
  readonly siblings?: readonly CellPlan[];
}

/**
 * Runs one cell of a study, in a child process or a cluster job, and writes its file. A finished
 * cell is not run again; a failed cell gets a file with the error message.
 * @returns The finished cell.
 * @throws `LockedError` if another process runs the cell; `InputError` if the cell must not run on
 *   this machine; any error that stopped the run.
 */
export async function runCellTask(
  plan: CellPlan,
  context: CellContext,
  { allowMixedProcessors = false, siblings }: CellTaskOptions = {},
): Promise<StudyCell> {
  const { folder, machine } = context;
  return withLock(join(folder.locks, `${plan.name}.lock`), `cell ${plan.name}`, async () => {
    const cells = await readCells(folder.cells);
    const present = cells.get(plan.name);
    if (present?.outcome === "finished") {
      checkSameSettings(plan, present, folder.cells);
      return present;
    }
    await dropFailedCell(folder, present);
    if (!allowMixedProcessors) checkProcessor(plan, cells.values(), machine.processor);
    const sharing = siblings === undefined ? [] : findCellsSharingStart(plan, siblings, context);
    let cell: StudyCell;
    try {
      if (sharing.length > 1) await runStartTask(plan, context);
      cell = await runCell(plan, context);
    } catch (cause) {
      const message = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!;
      const failed: FailedCell = { outcome: "failed", ...createCellOrigin(plan, context), message };
      await writeCell(folder, plan.name, failed);
      throw cause;
    }
    await dropStart(plan, sharing, context);
    return cell;
  });
}

/** Finds the cells that share the start of a cell, including the cell itself. */
function findCellsSharingStart(
  plan: CellPlan,
  plans: readonly CellPlan[],
  context: CellContext,
): CellPlan[] {
  const start = findStart(plan, context);
  if (start === undefined) return [];
  return plans.filter((other) => findStart(other, context)?.sha256 === start.sha256);
}

/** Deletes a shared start if all cells that share it are finished. */
async function dropStart(
  plan: CellPlan,
  sharing: readonly CellPlan[],
  context: CellContext,
): Promise<void> {
  const start = findStart(plan, context);
  if (start === undefined || sharing.length === 0) return;
  const cells = await readCells(context.folder.cells);
  if (sharing.every(({ name }) => cells.get(name)?.outcome === "finished")) {
    await rm(start.path, { recursive: true, force: true });
  }
}

/**
 * Computes the shared start of a cell, unless it is complete or the cell has none. Waits if another
 * process is computing it.
 */
export async function runStartTask(plan: CellPlan, context: CellContext): Promise<void> {
  const start = findStart(plan, context);
  if (start === undefined) return;
  const { file, reporter } = context;
  const compute = async (): Promise<void> => {
    if (await isStartComplete(start.path)) return;
    await computeStart(plan, start.path, { numTasks: file.study.evaluation.numTasks, reporter });
  };
  const onWait = (): void => reporter.now("waiting for the process that computes the shared start");
  await withLock(start.lock, `shared start of ${plan.name}`, compute, { onWait });
}

/**
 * Checks that a finished cell has the settings of the study file. Settings that did not exist when
 * the cell ran must have their defaults.
 * @throws `InputError` if the cell ran with other settings or another module.
 */
export function checkSameSettings(plan: CellPlan, cell: StudyCell, source: string): void {
  const remedy = "delete the cell's file to run it again, or give the study another name";
  if (cell.moduleSha256 !== plan.moduleSha256) {
    throw new InputError(
      `${source}: cell ${plan.name} must come from the current version of the experiment's module, got another version (${remedy})`,
    );
  }
  if (cell.settingsSha256 === plan.settingsSha256) return;
  const settings = checkConfig(cell.settings, `${source}: cell ${plan.name}: settings`);
  if (toCanonicalJson(settings) === toCanonicalJson(plan.settings)) return;
  throw new InputError(
    `${source}: cell ${plan.name} must have the settings of the study file, got other settings (${remedy})`,
  );
}

/** Checks that the cells of a pair run on the same CPU model. */
function checkProcessor(
  plan: CellPlan,
  cells: Iterable<StudyCell | FailedCell>,
  processor: string,
): void {
  for (const cell of cells) {
    const isSibling = cell.experiment === plan.experiment && cell.seed === plan.seed;
    if (!isSibling || cell.outcome !== "finished" || cell.processor === processor) continue;
    throw new InputError(
      `cell ${plan.name} must run on the same CPU model as the other arms of its pair (${cell.processor}), got ${processor} (--any-processor allows this; reports mark such pairs)`,
    );
  }
}
