import { createRandom } from "@turnwise/core";
import { createActivityTracker } from "../health/activity-tracker.ts";
import { systemClock } from "../health/watchdog.ts";
import { openTasks } from "../environments/open-tasks.ts";
import { createAlgorithm, createModulator } from "../experiment/experiment.ts";
import { InputError, readInput } from "../input-error.ts";
import { openTrainingPolicy } from "../policy/open-training-policy.ts";
import type { TrainingPolicy } from "../policy/training-policy.ts";
import { createFolderSource } from "../reader/folder-source.ts";
import { formatSegmentName } from "../records/format-segment-name.ts";
import type { Reporter } from "../report/progress.ts";
import { reloadParts } from "../run/reload-parts.ts";
import { RunFolder, type RunCheckpoint } from "../run/run-folder.ts";
import type { Run } from "../run/run.ts";

/** Origin of an analysis: identifies the run without paths. */
export interface AnalyzedOrigin {
  readonly experiment: string;
  /** Seed of the run. */
  readonly seed: number;
  /** Kind of the run's modulator. */
  readonly modulation: string;
}

/** A finished or stopped run, opened for analyses. */
export interface AnalyzedRun extends Run {
  close(): Promise<void>;
}

/**
 * Opens a run with its tasks and parts.
 * @throws `InputError` if the folder is not a run folder, its module has changed, or its tasks
 *   cannot be opened.
 */
export async function openAnalyzedRun(path: string, reporter: Reporter): Promise<AnalyzedRun> {
  const folder = await RunFolder.open(path);
  const { config } = folder;
  const parts = await reloadParts(folder, { remedy: "restore that version" });
  reporter.now("opening tasks");
  const tasks = await openTasks(config, parts);
  return {
    folder,
    config,
    parts,
    reporter,
    activities: createActivityTracker(systemClock.now),
    tasks,
    algorithm: await createAlgorithm(config, parts),
    modulator: await createModulator(config, parts),
    random: createRandom(config.seed),
    close: async () => tasks.close?.(),
  };
}

/** Reads experiment, seed and modulator of a run. */
export function readOrigin({ config }: Pick<RunFolder, "config">): AnalyzedOrigin {
  const { experiment, seed, modulation } = config;
  return { experiment, seed, modulation: modulation.kind };
}

/** Describes a run: `alfworld-study (modulation aem, seed 1)`. */
export function describeRun({ experiment, modulation, seed }: AnalyzedOrigin): string {
  return `${experiment} (modulation ${modulation}, seed ${seed})`;
}

/**
 * Finds the checkpoint whose policy sampled the recorded batch of the next iteration.
 * @param iteration - Number of iterations before the checkpoint. Default: the newest checkpoint
 *   with such a batch.
 * @throws `InputError` naming the existing checkpoints, and the settings that keep more.
 */
export async function findCheckpoint(
  folder: RunFolder,
  iteration?: number,
): Promise<RunCheckpoint> {
  const all = await listPolicyCheckpoints(folder);
  const numRecorded = await countRecorded(folder);
  const usable = all.filter(({ state }) => state.iterations < numRecorded);
  const found =
    iteration === undefined
      ? usable.at(-1)
      : usable.find(({ state }) => state.iterations === iteration);
  if (found !== undefined) return found;
  const list = (checkpoints: readonly RunCheckpoint[]): string =>
    checkpoints.map(({ state }) => state.iterations).join(", ") || "none";
  const wanted =
    iteration === undefined ? "no checkpoint" : `no checkpoint after iteration ${iteration}`;
  const { every, keep } = folder.config.checkpoints;
  throw new InputError(
    `${folder.path}: ${wanted} whose next iteration was recorded; usable: ${list(usable)}; kept: ${list(all)} (checkpoints.every=${every}, checkpoints.keep=${keep}); train with a larger checkpoints.keep, or with keep: [run] in a study`,
  );
}

/**
 * Lists the checkpoints of reinforcement learning. Of several checkpoints after the same number of
 * iterations, lists only the first.
 */
async function listPolicyCheckpoints(folder: RunFolder): Promise<RunCheckpoint[]> {
  const { epochs } = folder.config.warmStart;
  const checkpoints = await folder.listCheckpoints();
  const trained = checkpoints.filter(({ state }) => state.warmStartEpochs >= epochs);
  return trained.filter(
    ({ state }, i) => trained.findIndex((one) => one.state.iterations === state.iterations) === i,
  );
}

/** Number of the last iteration whose trajectories are recorded. */
async function countRecorded(folder: RunFolder): Promise<number> {
  const source = createFolderSource(folder.path);
  const metrics = await folder.readMetrics();
  const iterations = metrics.filter(({ stage }) => stage === "iteration");
  for (const line of iterations.toReversed()) {
    const path = `trajectories/${formatSegmentName(line)!}.jsonl.gz`;
    if ((await source.read(path, { offset: 0, length: 1 })) !== undefined) return line.iteration;
  }
  return 0;
}

/**
 * Opens the policy of a checkpoint with its weights loaded into the sampler, calls a function with
 * it, and closes it.
 * @throws `InputError` if the checkpoint does not match the run.
 */
export async function withPolicy<T>(
  run: Run,
  checkpoint: RunCheckpoint,
  use: (policy: TrainingPolicy) => Promise<T>,
): Promise<T> {
  const policy = await readInput(() => openTrainingPolicy(run));
  try {
    await readInput(() => policy.learner.restore(checkpoint.path));
    await policy.sampler.load(policy.learner.weights());
    return await use(policy);
  } finally {
    await policy.close();
  }
}
