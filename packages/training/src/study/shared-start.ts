import { copyFile, link, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Reporter } from "../report/progress.ts";
import { exists } from "../files/exists.ts";
import { openTasks } from "../environments/open-tasks.ts";
import { RunFolder } from "../run/run-folder.ts";
import { train } from "../run/train.ts";
import { limitEvaluation } from "./limit-evaluation.ts";
import type { CellPlan } from "./plan-cells.ts";

/** Records of the start of a run: all that a cell takes over. */
const startFiles = ["warm-start", "metrics.jsonl", "trajectories", "audit"] as const;

/**
 * Computes the start of a cell's run in a run folder of its own: the warm start and the first
 * evaluation. One that was interrupted resumes.
 */
export async function computeStart(
  { settings, parts }: CellPlan,
  folderPath: string,
  { numTasks, reporter }: { readonly numTasks: number; readonly reporter: Reporter },
): Promise<void> {
  const isBegun = await exists(join(folderPath, "config.json"));
  const folder = isBegun
    ? await RunFolder.open(folderPath)
    : await RunFolder.create(folderPath, settings, { seed: settings.seed });
  const tasks = limitEvaluation(await openTasks(settings, parts), numTasks);
  try {
    await train(folder, tasks, reporter, parts, { end: "start" });
  } finally {
    await tasks.close?.();
  }
}

/** Whether the start in a folder is complete. */
export async function isStartComplete(folderPath: string): Promise<boolean> {
  if (!(await exists(join(folderPath, "config.json")))) return false;
  const checkpoint = await (await RunFolder.open(folderPath)).findNewestCheckpoint();
  return checkpoint?.state.isEvaluatedBefore === true;
}

/**
 * Gives a new run the start that was computed for several: the run goes on as if it had computed it
 * itself, to the same metrics, byte for byte.
 */
export async function adoptStart(folder: RunFolder, startPath: string): Promise<void> {
  for (const name of startFiles) await linkTree(join(startPath, name), join(folder.path, name));
  await folder.writeStart({
    warmStartEpochs: folder.config.warmStart.epochs,
    iterations: 0,
    isEvaluatedBefore: true,
    isEvaluatedAfter: false,
  });
}

/**
 * Copies a file or folder, if it exists. Files of weights are linked, not copied: no run changes them.
 */
async function linkTree(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true }).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
      throw cause;
    },
  );
  if (entries === undefined) {
    if (await exists(from)) await copyFile(from, to);
    return;
  }
  await mkdir(to, { recursive: true });
  for (const entry of entries) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      await linkTree(source, target);
      continue;
    }
    await rm(target, { force: true });
    await link(source, target).catch(() => copyFile(source, target));
  }
}
