import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isLocked } from "../files/lock.ts";
import type { FailedCell, StudyCell } from "./cell.ts";
import type { CellPlan } from "./plan-cells.ts";
import { dropRunFiles, findStart, type CellContext } from "./run-cell.ts";

/**
 * Removes what killed processes left of finished cells: run files that the study does not keep, shared
 * starts that no cell needs, and stale locks.
 * @param plans - All cells of the study.
 */
export async function removeLeftovers(
  plans: readonly CellPlan[],
  cells: ReadonlyMap<string, StudyCell | FailedCell>,
  context: Pick<CellContext, "file" | "folder" | "machine">,
): Promise<void> {
  const { file, folder } = context;
  const isFinished = ({ name }: CellPlan): boolean => cells.get(name)?.outcome === "finished";
  for (const plan of plans.filter(isFinished)) {
    const lock = join(folder.locks, `${plan.name}.lock`);
    if (await isLocked(lock)) continue;
    await dropRunFiles(join(folder.runs, plan.name), file.study.keep);
    await rm(lock, { force: true });
  }
  const needed = new Set(
    plans.filter((plan) => !isFinished(plan)).map((plan) => findStart(plan, context)?.path),
  );
  for (const plan of plans) {
    const start = findStart(plan, context);
    if (start === undefined || needed.has(start.path)) continue;
    await rm(start.path, { recursive: true, force: true });
    if (!(await isLocked(start.lock))) await rm(start.lock, { force: true });
  }
}
