import type { CellPlan } from "./plan-cells.ts";

/** Task of a study: a cell, or a start that several cells share. */
export interface StudyTask {
  readonly kind: "start" | "cell";
  /** Plan of the cell; for a start, of the first cell that shares it. */
  readonly plan: CellPlan;
}

/** Inputs of {@link scheduleStudy}. */
export interface ScheduleInputs {
  /** Cells to run, in order. */
  readonly plans: readonly CellPlan[];
  /** Returns the key of a cell's shared start; `undefined` if it has none. */
  readonly findStartKey: (plan: CellPlan) => string | undefined;
  readonly isStartDone: (plan: CellPlan) => Promise<boolean>;
  /** Deletes the start of a cell when no cell needs it any more. */
  readonly dropStart: (plan: CellPlan) => Promise<void>;
  /** Maximum number of concurrent tasks, `>= 1`. */
  readonly numJobs: number;
  /** Runs a task. @returns True if it succeeded. */
  readonly run: (task: StudyTask) => Promise<boolean>;
}

/**
 * Runs cells in order, and each shared start before its cells. While a cell waits for its start,
 * later cells may run.
 */
export async function scheduleStudy(inputs: ScheduleInputs): Promise<void> {
  const { plans, findStartKey: startOf, numJobs } = inputs;
  const sharing = new Map<string, CellPlan[]>();
  for (const plan of plans) {
    const key = startOf(plan);
    if (key !== undefined) sharing.set(key, [...(sharing.get(key) ?? []), plan]);
  }
  /** Starts that have ended, successfully or not; after a failure each cell computes its own. */
  const over = new Set<string>();
  for (const [key, [first, ...others]] of sharing) {
    if (others.length === 0 || (await inputs.isStartDone(first!))) over.add(key);
  }
  const waiting = [...plans];
  const begun = new Set<string>();
  const failed = new Set<string>();
  const unfinished = new Map(Array.from(sharing, ([key, cells]) => [key, cells.length]));

  const nextTask = (): StudyTask | undefined => {
    for (const [i, plan] of waiting.entries()) {
      const key = startOf(plan);
      if (key === undefined || over.has(key)) {
        waiting.splice(i, 1);
        return { kind: "cell", plan };
      }
      if (!begun.has(key)) {
        begun.add(key);
        return { kind: "start", plan };
      }
    }
    return undefined;
  };
  const finish = async ({ kind, plan }: StudyTask, isSuccess: boolean): Promise<void> => {
    const key = startOf(plan);
    if (key === undefined) return;
    if (kind === "start") {
      over.add(key);
      return;
    }
    const left = unfinished.get(key)! - 1;
    unfinished.set(key, left);
    if (!isSuccess) failed.add(key);
    // Keep the start if a cell has failed, because a retry of the cell needs it.
    if (left === 0 && !failed.has(key)) await inputs.dropStart(plan);
  };

  const running = new Set<Promise<void>>();
  for (;;) {
    const task = running.size < numJobs ? nextTask() : undefined;
    if (task !== undefined) {
      const work: Promise<void> = inputs
        .run(task)
        .then((isSuccess) => finish(task, isSuccess))
        .finally(() => running.delete(work));
      running.add(work);
      continue;
    }
    if (running.size === 0) return;
    await Promise.race(running);
  }
}
