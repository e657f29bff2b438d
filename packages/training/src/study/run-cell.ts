import { join } from "node:path";
import { rm } from "node:fs/promises";
import type { TaskSource } from "@turnwise/envs";
import { exists } from "../files/exists.ts";
import { openTasks } from "../environments/open-tasks.ts";
import { InputError } from "../input-error.ts";
import type { Reporter } from "../report/progress.ts";
import { readJson } from "../files/read-json.ts";
import { policyFolder, warmStartFolder } from "../run/run.ts";
import { RunFolder } from "../run/run-folder.ts";
import { train } from "../run/train.ts";
import { writeWhole } from "../files/write-whole.ts";
import { toCanonicalJson } from "./canonical-json.ts";
import type { StudyCell } from "./cell.ts";
import { limitEvaluation } from "./limit-evaluation.ts";
import type { CellMachine } from "./machine.ts";
import type { CellPlan } from "./plan-cells.ts";
import type { StudyFile } from "./read-study.ts";
import { adoptStart, isStartComplete } from "./shared-start.ts";
import { computeStartKey } from "./compute-start-key.ts";
import { writeCell, type StudyFolder } from "./study-folder.ts";
import { summarizeRun } from "./summarize-cell.ts";

/** Context of a cell: study, folder and machine. */
export interface CellContext {
  readonly file: StudyFile;
  readonly folder: StudyFolder;
  readonly machine: CellMachine;
  readonly reporter: Reporter;
}

/** Creates the origin of a cell, which finished and failed cells both have. */
export function createCellOrigin(
  plan: CellPlan,
  { file, machine }: Pick<CellContext, "file" | "machine">,
): Omit<StudyCell, "outcome" | "startSha256" | "training" | "evaluations" | "seconds" | "tokens"> {
  const { experiment, arm, seed, settings, settingsSha256, moduleSha256, overlay } = plan;
  return {
    version: 1,
    study: { name: file.study.name, sha256: file.sha256 },
    experiment,
    arm,
    seed,
    settings,
    settingsSha256,
    ...(moduleSha256 !== undefined && { moduleSha256 }),
    overlay,
    ...machine,
  };
}

/** Finds the shared start of a cell; `undefined` if it has none. */
export function findStart(
  plan: CellPlan,
  { folder, machine }: Pick<CellContext, "folder" | "machine">,
): { readonly sha256: string; readonly path: string; readonly lock: string } | undefined {
  const sha256 = computeStartKey({ ...plan, machine });
  if (sha256 === undefined) return undefined;
  const name = sha256.slice(0, 16);
  return {
    sha256,
    path: join(folder.starts, name),
    lock: join(folder.locks, `start-${name}.lock`),
  };
}

/**
 * Runs or resumes a cell, and writes its file. If the shared start is complete, the run begins with
 * it; otherwise the run computes its own. Files that the study does not keep are deleted.
 * @returns The record of the cell.
 * @throws Any error that stopped the run.
 */
export async function runCell(plan: CellPlan, context: CellContext): Promise<StudyCell> {
  const { file, folder, reporter } = context;
  const path = join(folder.runs, plan.name);
  const start = findStart(plan, context);
  const usesStart = start !== undefined && (await isStartComplete(start.path));
  const run = await openRun(plan, path, usesStart ? start.path : undefined);
  const clock = await startClock(path);
  try {
    const opened = await openTasks(plan.settings, plan.parts);
    const tasks = limitEvaluation(opened, file.study.evaluation.numTasks);
    try {
      checkSplit(tasks, file);
      await train(run, tasks, reporter, plan.parts);
    } finally {
      await opened.close?.();
    }
  } finally {
    await clock.stop();
  }
  const hasStart = (await run.readStart()) !== undefined;
  const { seconds, ...numbers } = await summarizeRun(path);
  const cell: StudyCell = {
    outcome: "finished",
    ...createCellOrigin(plan, context),
    ...(hasStart && start !== undefined && { startSha256: start.sha256 }),
    ...numbers,
    seconds: { ...clock.read(), ...seconds },
  };
  await writeCell(folder, plan.name, cell);
  await dropRunFiles(path, file.study.keep);
  return cell;
}

/** Checks that the tasks have the split of the primary metric. */
function checkSplit({ evaluation }: TaskSource, { path, study: { metric } }: StudyFile): void {
  const splits = evaluation.map(({ split }) => split);
  if (metric.split === undefined || splits.includes(metric.split)) return;
  throw new InputError(
    `${path}: metric.split must be a split of the tasks (${splits.join(", ")}), got ${metric.split}`,
  );
}

/** Opens or creates the run folder of a cell. */
async function openRun(
  { name, settings, module }: CellPlan,
  path: string,
  startPath: string | undefined,
): Promise<RunFolder> {
  if (await exists(join(path, "config.json"))) {
    const run = await RunFolder.open(path);
    if (toCanonicalJson(run.config) !== toCanonicalJson(settings)) {
      throw new InputError(
        `${path}: run of cell ${name} must have the settings of the study file, got other settings (delete the folder to run the cell again)`,
      );
    }
    const isBegun = (await run.findNewestCheckpoint()) !== undefined;
    if (isBegun || (await run.readStart()) !== undefined) return run;
  }
  // There is no checkpoint from which to resume, so start over.
  await rm(path, { recursive: true, force: true });
  const run = await RunFolder.create(path, settings, {
    seed: settings.seed,
    ...(module && { module }),
  });
  if (startPath !== undefined) await adoptStart(run, startPath);
  return run;
}

/** Clock for wall-clock and CPU time of a cell. */
interface CellClock {
  read(): { readonly wall: number; readonly cpu: number };
  /** Stops the clock and saves the times. */
  stop(): Promise<void>;
}

/** Interval at which the clock is saved, seconds. */
const noteSeconds = 10;

/**
 * Starts the clock of a cell. It sums over all processes that ran the cell, because the times are
 * saved in the run folder.
 */
async function startClock(path: string): Promise<CellClock> {
  const file = join(path, "usage.json");
  const before = (await exists(file))
    ? ((await readJson(file)) as { readonly wall: number; readonly cpu: number })
    : { wall: 0, cpu: 0 };
  const startedAt = performance.now();
  const startedCpu = process.cpuUsage();
  const read = (): { wall: number; cpu: number } => {
    const { user, system } = process.cpuUsage(startedCpu);
    const round = (seconds: number): number => Number(seconds.toFixed(2));
    return {
      wall: round(before.wall + (performance.now() - startedAt) / 1000),
      cpu: round(before.cpu + (user + system) / 1e6),
    };
  };
  const write = (): Promise<void> => writeWhole(file, `${JSON.stringify(read())}\n`);
  let written = Promise.resolve();
  const timer = setInterval(() => {
    written = written.then(write);
  }, 1000 * noteSeconds);
  timer.unref();
  return {
    read,
    stop: async () => {
      clearInterval(timer);
      await written;
      await write();
    },
  };
}

/** Deletes files of a finished run that the study does not keep. */
export async function dropRunFiles(path: string, keep: StudyFile["study"]["keep"]): Promise<void> {
  if (keep.includes("run")) return;
  const dropped = [
    "trajectories",
    "audit",
    ...(keep.includes("warm-start") ? [] : [warmStartFolder]),
    ...(keep.includes("checkpoint") ? [] : ["checkpoints", policyFolder]),
  ];
  const isEmpty = keep.length === 0;
  for (const name of isEmpty ? [""] : dropped) {
    await rm(join(path, name), { recursive: true, force: true });
  }
}
