import { formatCount } from "@turnwise/core";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../input-error.ts";
import { formatDuration, formatPercent } from "../report/format-numbers.ts";
import type { Reporter } from "../report/progress.ts";
import type { FailedCell, StudyCell } from "./cell.ts";
import { withLock } from "../files/lock.ts";
import { planCells, type CellPlan } from "./plan-cells.ts";
import type { StudyFile } from "./read-study.ts";
import { createCellOrigin, findStart, type CellContext } from "./run-cell.ts";
import { checkSameSettings } from "./run-cell-task.ts";
import { isStartComplete } from "./shared-start.ts";
import { dropFailedCell, readCells, writeCell, type StudyFolder } from "./study-folder.ts";
import { recordVersion } from "./study-history.ts";
import { findPrimaryEvaluation } from "./study-schema.ts";
import { removeLeftovers } from "./remove-leftovers.ts";
import { scheduleStudy, type StudyTask } from "./schedule-study.ts";

/** Options of {@link runStudy}. */
export interface RunStudyOptions {
  readonly file: StudyFile;
  readonly folder: StudyFolder;
  readonly machine: CellContext["machine"];
  readonly reporter: Reporter;
  /** Computes the number of concurrent tasks, `>= 1`, given the cells to run. */
  readonly numJobs: (plans: readonly CellPlan[]) => Promise<number>;
  /** Selects the cells to run. Default: all. */
  readonly selects?: (plan: CellPlan) => boolean;
  /**
   * Runs a task in a separate process.
   * @returns The error in one line; `undefined` if the task succeeded.
   */
  readonly launch: (task: StudyTask) => Promise<string | undefined>;
}

/** Result of {@link runStudy}, as numbers of cells. */
export interface StudyResult {
  readonly planned: number;
  readonly finished: number;
  /** Names of the cells that did not finish, each with the reason. */
  readonly failures: ReadonlyMap<string, string>;
}

/**
 * Runs the unfinished cells of a study, several concurrently. A failed cell does not stop the others.
 * @throws `InputError` if the study file changed other than by additions, or a finished cell has other
 *   settings; `LockedError` if another process runs the study in this folder.
 */
export async function runStudy(options: RunStudyOptions): Promise<StudyResult> {
  const { file, folder } = options;
  const lock = join(folder.locks, "study.lock");
  return withLock(lock, `study ${file.study.name} in ${folder.path}`, () => runLocked(options));
}

async function runLocked(options: RunStudyOptions): Promise<StudyResult> {
  const { file, folder, machine, reporter, selects = () => true } = options;
  const all = await planCells(file);
  const plans = all.filter(selects);
  if (plans.length === 0) {
    throw new InputError(
      `${file.path}: selection must match at least one cell of the study, got none`,
    );
  }
  const cells = await readCells(folder.cells);
  for (const plan of all) {
    const cell = cells.get(plan.name);
    if (cell?.outcome === "finished") checkSameSettings(plan, cell, folder.cells);
  }
  await recordVersion(folder.history, file);
  await removeLeftovers(all, cells, options);
  const isFinished = (plan: CellPlan): boolean => cells.get(plan.name)?.outcome === "finished";
  const pending = plans.filter((plan) => !isFinished(plan));
  const numJobs = pending.length === 0 ? 1 : await options.numJobs(pending);
  reporter.say(
    `study ${file.study.name}: ${formatCount(plans.length, "cell")}, ${plans.length - pending.length} finished, ${numJobs} at a time`,
  );

  const failures = new Map<string, string>();
  const progress = trackProgress(plans, cells, numJobs);
  const running = new Map<StudyTask, number>();
  const show = (): void => reporter.now(progress.text(running));
  const timer = setInterval(show, 1000);
  timer.unref();
  const runTask = async (task: StudyTask): Promise<boolean> => {
    const { plan, kind } = task;
    if (kind === "cell") await dropFailedCell(folder, cells.get(plan.name));
    running.set(task, performance.now());
    show();
    const error = await options.launch(task);
    running.delete(task);
    if (kind === "start") {
      // If a start fails, its cells compute their own starts and report their own errors.
      if (error !== undefined) reporter.warn(`shared start of ${plan.name}: ${error}`);
      return error === undefined;
    }
    // The cell file determines the result, because a process may die after writing it.
    const cell = (await readCells(folder.cells)).get(plan.name);
    if (cell?.outcome === "finished") {
      cells.set(plan.name, cell);
      progress.finish(cell);
      reporter.row(toCellRow(cell, file), `${progress.counts()}  ${formatCell(cell, file)}`);
      return true;
    }
    const message = error ?? "process ended without a result";
    failures.set(plan.name, message);
    progress.fail();
    reporter.warn(`${progress.counts()}  ${plan.name} failed: ${message}`);
    if (cell === undefined) {
      const failed: FailedCell = {
        outcome: "failed",
        ...createCellOrigin(plan, { file, machine }),
        message,
      };
      await writeCell(folder, plan.name, failed);
    }
    return false;
  };
  try {
    await scheduleStudy({
      plans: pending,
      findStartKey: (plan) => findStart(plan, options)?.sha256,
      isStartDone: async (plan) => {
        const start = findStart(plan, options);
        return start === undefined || isStartComplete(start.path);
      },
      dropStart: async (plan) => {
        const start = findStart(plan, options);
        if (start !== undefined) await rm(start.path, { recursive: true, force: true });
      },
      numJobs,
      run: runTask,
    });
  } finally {
    clearInterval(timer);
  }
  return {
    planned: plans.length,
    finished: plans.length - failures.size,
    failures,
  };
}

/** Reads the primary metric of a cell; `undefined` if it has none. */
export function readPrimaryMetric(
  { evaluations }: Pick<StudyCell, "evaluations">,
  { study: { metric } }: StudyFile,
  phase: "before" | "after" = "after",
): number | undefined {
  return findPrimaryEvaluation(evaluations, metric, phase)?.metrics[metric.measure];
}

function toCellRow(cell: StudyCell, file: StudyFile): Readonly<Record<string, unknown>> {
  const { experiment, arm, seed, seconds } = cell;
  const { measure } = file.study.metric;
  return {
    stage: "cell",
    experiment,
    arm,
    seed,
    [measure]: readPrimaryMetric(cell, file),
    before: readPrimaryMetric(cell, file, "before"),
    seconds,
  };
}

function formatCell(cell: StudyCell, file: StudyFile): string {
  const { measure } = file.study.metric;
  const show = (value: number | undefined): string =>
    value === undefined ? "-" : measure === "return" ? value.toFixed(2) : formatPercent(value);
  const values = [readPrimaryMetric(cell, file), readPrimaryMetric(cell, file, "before")].map(show);
  return (
    `${cell.experiment} ${cell.arm} seed ${cell.seed}: ${measure} ${values[0]} (before ${values[1]}), ` +
    formatDuration(cell.seconds.wall)
  );
}

/** Tracks the number of finished cells, and estimates the time left. */
function trackProgress(
  plans: readonly CellPlan[],
  cells: ReadonlyMap<string, StudyCell | FailedCell>,
  numJobs: number,
): {
  readonly finish: (cell: StudyCell) => void;
  readonly fail: () => void;
  readonly counts: () => string;
  readonly text: (running: ReadonlyMap<StudyTask, number>) => string;
} {
  const done = plans.flatMap((plan) => {
    const cell = cells.get(plan.name);
    return cell?.outcome === "finished" ? [cell] : [];
  });
  let numFailed = 0;
  const remaining = new Map(plans.map((plan) => [plan.name, plan]));
  for (const { experiment, arm, seed } of done) {
    remaining.delete(`${experiment}-${arm}-seed${seed}`);
  }
  const meanWall = (experiment?: string): number => {
    const walls = done
      .filter((cell) => experiment === undefined || cell.experiment === experiment)
      .map(({ seconds }) => seconds.wall);
    return walls.reduce((sum, wall) => sum + wall, 0) / walls.length;
  };
  const counts = (): string => `${done.length + numFailed}/${plans.length}`;
  return {
    finish: (cell) => {
      done.push(cell);
      remaining.delete(`${cell.experiment}-${cell.arm}-seed${cell.seed}`);
    },
    fail: () => {
      numFailed += 1;
    },
    counts,
    text: (running) => {
      const now = performance.now();
      const elapsed = new Map(
        Array.from(running, ([{ plan, kind }, since]) => [
          plan.name,
          kind === "cell" ? (now - since) / 1000 : 0,
        ]),
      );
      let seconds = 0;
      for (const { name, experiment } of remaining.values()) {
        const own = meanWall(experiment);
        const expected = Number.isNaN(own) ? meanWall() : own;
        seconds += Math.max(0, expected - (elapsed.get(name) ?? 0));
      }
      const names = Array.from(running.keys(), ({ kind, plan }) =>
        kind === "start" ? `shared start of ${plan.name}` : plan.name,
      );
      return [
        `${counts()} cells`,
        ...(numFailed === 0 ? [] : [`${numFailed} failed`]),
        `running ${names.join(", ") || "none"}`,
        ...(Number.isNaN(seconds) ? [] : [`${formatDuration(seconds / numJobs)} left`]),
      ].join(", ");
    },
  };
}
