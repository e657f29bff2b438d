import { formatCount } from "@turnwise/core";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSettings } from "../settings/merge-settings.ts";
import type { Reporter } from "../report/progress.ts";
import { writeWhole } from "../files/write-whole.ts";
import { checkCell } from "./cell.ts";
import { withLock } from "../files/lock.ts";
import type { CellMachine } from "./machine.ts";
import { planCells, type CellPlan } from "./plan-cells.ts";
import type { RayJobs, RayJobStatus } from "./ray-jobs.ts";
import type { StudyFile } from "./read-study.ts";
import { createCellOrigin } from "./run-cell.ts";
import { checkSameSettings } from "./run-cell-task.ts";
import type { StudyResult } from "./run-study.ts";
import { dropFailedCell, readCells, writeCell, type StudyFolder } from "./study-folder.ts";
import { recordVersion } from "./study-history.ts";

/** Options of {@link submitStudy}. */
export interface SubmitStudyOptions {
  readonly file: StudyFile;
  readonly folder: StudyFolder;
  readonly machine: CellMachine;
  readonly reporter: Reporter;
  readonly ray: RayJobs;
  /** Returns the shell command that runs a cell on a node of the cluster and prints JSON lines. */
  readonly entrypoint: (plan: CellPlan) => string;
  /** Computes the memory to reserve for a cell, bytes. */
  readonly memoryBytes: (plan: CellPlan) => Promise<number>;
  /** Selects the cells to run. Default: all. */
  readonly selects?: (plan: CellPlan) => boolean;
  /** Interval at which jobs are polled, seconds. Default 10. */
  readonly pollSeconds?: number;
}

/** A submitted job. */
interface SubmittedCell {
  readonly plan: CellPlan;
  readonly submissionId: string;
}

const ended: ReadonlySet<RayJobStatus> = new Set(["STOPPED", "SUCCEEDED", "FAILED"]);

/**
 * Runs the unfinished cells of a study as jobs on an existing Ray cluster, and waits for them,
 * including running jobs of an earlier call. A cell's file is read from the study's folder if the
 * cluster shares it, otherwise from the output of the job.
 * @throws The errors of `runStudy`; `InputError` if the cluster does not respond.
 */
export async function submitStudy(options: SubmitStudyOptions): Promise<StudyResult> {
  const { file, folder } = options;
  const lock = join(folder.locks, "study.lock");
  return withLock(lock, `study ${file.study.name} in ${folder.path}`, () => submitLocked(options));
}

async function submitLocked(options: SubmitStudyOptions): Promise<StudyResult> {
  const { file, folder, reporter, ray, selects = () => true, pollSeconds = 10 } = options;
  const plans = (await planCells(file)).filter(selects);
  const cells = await readCells(folder.cells);
  const pending: CellPlan[] = [];
  for (const plan of plans) {
    const cell = cells.get(plan.name);
    if (cell?.outcome === "finished") checkSameSettings(plan, cell, folder.cells);
    else pending.push(plan);
  }
  const version = await ray.version();
  await recordVersion(folder.history, file);
  const numFinished = plans.length - pending.length;
  reporter.say(
    `study ${file.study.name}: ${formatCount(plans.length, "cell")}, ${numFinished} finished, Ray ${version}`,
  );
  const running = new Map<string, SubmittedCell>();
  for (const plan of pending) {
    await dropFailedCell(folder, cells.get(plan.name));
    running.set(plan.name, { plan, submissionId: await submitCell(plan, options) });
    reporter.now(`${running.size}/${pending.length} jobs submitted`);
  }

  const failures = new Map<string, string>();
  let numDone = numFinished;
  while (running.size > 0) {
    for (const [name, job] of running) {
      const state = await ray.status(job.submissionId);
      if (state !== undefined && !ended.has(state.status)) continue;
      running.delete(name);
      numDone += 1;
      const logs = state === undefined ? "" : await ray.logs(job.submissionId);
      await writeWhole(join(folder.logs, `${name}.log`), logs);
      const result = await takeResult(job, logs, options).catch((cause: Error) => cause.message);
      if (result === "finished") {
        reporter.say(`${numDone}/${plans.length}  ${name} finished`);
        continue;
      }
      const message = result ?? describeFailure(logs, state);
      failures.set(name, message);
      reporter.warn(`${numDone}/${plans.length}  ${name} failed: ${message}`);
      if ((await readCells(folder.cells)).has(name)) continue;
      const origin = createCellOrigin(job.plan, options);
      await writeCell(folder, name, { outcome: "failed", ...origin, message });
    }
    reporter.now(`${numDone}/${plans.length} cells, ${running.size} jobs on the cluster`);
    if (running.size > 0) await sleep(1000 * pollSeconds);
  }
  return { planned: plans.length, finished: plans.length - failures.size, failures };
}

/**
 * Submits a cell, unless an earlier job of the cell is pending or running.
 * @returns Id of the job.
 */
async function submitCell(plan: CellPlan, options: SubmitStudyOptions): Promise<string> {
  const { file, ray } = options;
  const base = `${file.study.name}-${plan.settingsSha256.slice(0, 8)}-${plan.name}`;
  for (let attempt = 1; ; attempt++) {
    const submissionId = attempt === 1 ? base : `${base}-${attempt}`;
    const state = await ray.status(submissionId);
    if (state !== undefined) {
      if (ended.has(state.status)) continue;
      return submissionId;
    }
    await ray.submit({
      submissionId,
      entrypoint: options.entrypoint(plan),
      metadata: { study: file.study.name, cell: plan.name, study_sha256: file.sha256 },
      numCpus: plan.settings.engine.threads,
      memoryBytes: await options.memoryBytes(plan),
    });
    return submissionId;
  }
}

/**
 * Reads the cell of a job from the study's folder, or else from the job's output.
 * @returns The cell; `undefined` if neither contains it.
 */
async function takeResult(
  { plan }: SubmittedCell,
  logs: string,
  { folder }: SubmitStudyOptions,
): Promise<"finished" | undefined> {
  const present = (await readCells(folder.cells)).get(plan.name);
  if (present?.outcome === "finished") return "finished";
  const line = logs.split("\n").findLast((one) => one.includes('"stage":"result"'));
  if (line === undefined) return undefined;
  const record: unknown = JSON.parse(line.slice(line.indexOf("{")));
  if (!isSettings(record)) return undefined;
  const cell = checkCell(record["cell"], `output of ${plan.name}`);
  if (cell.outcome !== "finished") return undefined;
  checkSameSettings(plan, cell, `output of ${plan.name}`);
  await writeCell(folder, plan.name, cell);
  return "finished";
}

/** Describes the failure of a job in one line: its own error message, or Ray's. */
function describeFailure(
  logs: string,
  state: { readonly status: RayJobStatus; readonly message: string } | undefined,
): string {
  if (state === undefined) return "the cluster no longer knows the job";
  const error = logs.split("\n").findLast((line) => line.startsWith("turnwise: "));
  if (error !== undefined) return error.slice("turnwise: ".length);
  const [message = ""] = state.message.trim().split("\n");
  return `job ${state.status.toLowerCase()}${message === "" ? "" : `: ${message}`}`;
}
