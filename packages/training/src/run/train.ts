import { join } from "node:path";
import { createRandom } from "@turnwise/core";
import type { TaskSource } from "@turnwise/envs";
import { checkModulatorNeeds } from "../loop/check-needs.ts";
import { exists } from "../files/exists.ts";
import { createAlgorithm, createModulator, noParts, type Parts } from "../experiment/experiment.ts";
import { startHeartbeat } from "../records/heartbeat.ts";
import type { Reporter } from "../report/progress.ts";
import { reinforce } from "./reinforce.ts";
import type { RunFolder } from "./run-folder.ts";
import { freshState, hasWarmStart, warmStartFolder, type Run } from "./run.ts";
import { warmStart } from "./warm-start.ts";

/** Options of {@link train}. */
export interface TrainOptions {
  /** Point to stop at: after the warm start and the first evaluation, or at the end. Default `end`. */
  readonly end?: "start" | "end";
}

/**
 * Runs the configuration of a run folder from its newest checkpoint to the end. All draws depend only on
 * the seed and the position in the run, so an interrupted run ends with the same metrics as one that was
 * never stopped.
 * @param tasks - Tasks of the folder's configuration.
 * @param parts - Components of the experiment's module.
 */
export async function train(
  folder: RunFolder,
  tasks: TaskSource,
  reporter: Reporter,
  parts: Parts = noParts,
  { end = "end" }: TrainOptions = {},
): Promise<void> {
  const { config } = folder;
  await folder.checkResumable();
  const checkpoint = await folder.findNewestCheckpoint();
  let state = checkpoint?.state ?? (await folder.readStart()) ?? freshState;
  const isWarm = !hasWarmStart(config) || (await exists(join(folder.path, warmStartFolder)));
  // A run may have died between the end of the warm start and the checkpoint that follows it.
  if (isWarm) state = { ...state, warmStartEpochs: config.warmStart.epochs };
  await folder.rewind(state);
  const run: Run = {
    folder,
    config,
    reporter,
    parts,
    algorithm: await createAlgorithm(config, parts),
    modulator: await createModulator(config, parts),
    tasks,
    random: createRandom(config.seed),
  };
  const { model } = config;
  if (model.source !== "custom") {
    const entropies = model.source === "tinker" ? "surprisal" : "exact";
    checkModulatorNeeds(run.modulator, entropies, tasks.format);
  }
  const heartbeat = await startHeartbeat(folder.path, (message) => reporter.warn(message));
  try {
    if (!isWarm) {
      await warmStart(run, checkpoint && { path: checkpoint.path, epochs: state.warmStartEpochs });
    }
    await reinforce(run, end);
    await folder.flush();
  } catch (cause) {
    // Earlier records stay readable. A write error here is not the first error.
    await folder.flush().catch(() => undefined);
    await heartbeat.stop("stopped");
    throw cause;
  }
  await heartbeat.stop("finished");
}
