import { copyFile, link, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Reporter } from "../report/progress.ts";
import { exists } from "../files/exists.ts";
import { openTasks } from "../environments/open-tasks.ts";
import { RunFolder } from "../run/run-folder.ts";
import { train } from "../run/train.ts";
import { limitEvaluation } from "./limit-evaluation.ts";
import type { CellPlan } from "./plan-cells.ts";

/** Files of a shared start that are copied into a run. */
const startFiles = ["warm-start", "metrics.jsonl", "trajectories", "audit", "files.jsonl"] as const;

/**
 * Computes the start of a cell (warm start and first evaluation) in a separate run folder. An
 * interrupted computation is resumed.
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

/** True if the start in a folder is complete. */
export async function isStartComplete(folderPath: string): Promise<boolean> {
  if (!(await exists(join(folderPath, "config.json")))) return false;
  const checkpoint = await (await RunFolder.open(folderPath)).findNewestCheckpoint();
  return checkpoint?.state.isEvaluatedBefore === true;
}

/**
 * Copies a shared start into a new run. The run's later metrics are byte for byte the same as if it
 * had computed the start itself.
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

/** Copies a file or folder if it exists. Weights are hard-linked, because no run changes them. */
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
