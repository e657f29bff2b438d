import { join } from "node:path";
import type { FileDigests } from "../files/digests.ts";
import { exists } from "../files/exists.ts";
import { checkSeal } from "../files/seal.ts";
import { InputError } from "../input-error.ts";
import type { Reporter } from "../report/progress.ts";
import { freshState, hasWarmStart, warmStartFolder } from "./run.ts";
import type { RunFolder } from "./run-folder.ts";
import type { RunState } from "./run-state.ts";

/** Point from which a run resumes. */
export interface ResumePoint {
  readonly state: RunState;
  /**
   * Folder of the checkpoint to restore; absent at the start of the run or of reinforcement
   * learning.
   */
  readonly checkpoint?: string;
  /** Digests of the run's logs at that point. */
  readonly logs: FileDigests;
  /** True if there is no warm start, or the warm start has ended. */
  readonly isWarm: boolean;
}

/**
 * Finds the point from which a run resumes: its newest checkpoint, the end of its warm start, the
 * start that it shares with other runs, or its beginning. Damaged checkpoints are renamed, with a
 * warning.
 * @throws {@link InputError} naming a file that the run depends on and that is damaged or missing.
 */
export async function findResumePoint(
  folder: RunFolder,
  reporter: Pick<Reporter, "warn">,
): Promise<ResumePoint> {
  const { config } = folder;
  const { epochs } = config.warmStart;
  const warmPath = join(folder.path, warmStartFolder);
  const warmSeal =
    hasWarmStart(config) && (await exists(warmPath)) ? await checkSeal(warmPath) : undefined;
  const isWarm = !hasWarmStart(config) || warmSeal !== undefined;
  const checkpoint = await folder.findNewestCheckpoint();
  for (const { name, message } of checkpoint?.damaged ?? []) {
    const aside = await folder.setAside(name);
    reporter.warn(
      `${message}; the damaged checkpoint was renamed to ${aside}, and the run continues from the previous checkpoint`,
    );
  }
  const start = await folder.readStart();
  const hasReinforced = checkpoint?.state.warmStartEpochs === epochs || start !== undefined;
  if (hasReinforced && !isWarm) {
    throw new InputError(
      `${warmPath}: must contain the policy of the warm start, got no such folder`,
    );
  }
  if (checkpoint !== undefined) {
    checkState(checkpoint.path, checkpoint.state, folder);
    const { path, state, logs } = checkpoint;
    if (state.warmStartEpochs === epochs) return { state, checkpoint: path, logs, isWarm };
    // The run was killed between the end of the warm start and the next checkpoint.
    if (warmSeal === undefined) return { state, checkpoint: path, logs, isWarm };
  }
  if (start !== undefined) {
    return { ...start, state: { ...start.state, warmStartEpochs: epochs }, isWarm };
  }
  if (warmSeal !== undefined) {
    return { state: { ...freshState, warmStartEpochs: epochs }, logs: warmSeal.logs, isWarm };
  }
  return { state: freshState, logs: {}, isWarm };
}

/** Checks that the counters of a checkpoint are possible in a run. */
function checkState(path: string, state: RunState, { config }: RunFolder): void {
  for (const [name, count, limit] of [
    ["warmStartEpochs", state.warmStartEpochs, config.warmStart.epochs],
    ["iterations", state.iterations, config.training.iterations],
  ] as const) {
    if (count <= limit) continue;
    throw new InputError(`${path}/state.json: ${name} must be at most ${limit}, got ${count}`);
  }
}
