import { setTimeout as sleep } from "node:timers/promises";
import {
  checkInteger,
  checkNonNegative,
  isGraded,
  isInfrastructure,
  type Group,
  type Random,
  type Task,
  type Trajectory,
} from "@turnwise/core";
import { playScripted, rollout, type RolloutParts, type ScriptedParts } from "@turnwise/envs";

/** A group to be played. */
export interface GroupPlan {
  readonly id: string;
  readonly task: Task;
  /** Random stream of the group; each sibling episode gets a fork of it. */
  readonly random: Random;
}

/** Tolerance for infrastructure failures. */
export interface FailureTolerance {
  /** Share of episodes that may fail for infrastructure reasons, in [0, 1]. */
  readonly maxInfrastructureShare: number;
  /** Time for which failed episodes are retried while none succeeds, seconds, `>= 0`. */
  readonly patienceSeconds: number;
  /** Delay before the first retry, seconds; doubled for each further retry, at most 60. */
  readonly retrySeconds: number;
}

/** Default tolerance of a run. */
export const defaultTolerance: FailureTolerance = {
  maxInfrastructureShare: 0.2,
  patienceSeconds: 600,
  retrySeconds: 5,
};

/** Progress of episodes that are being played. */
export interface PlayProgress {
  readonly numEpisodes: number;
  /** Number of episodes that have ended; decreases if some are retried. */
  readonly numEnded: number;
  /** Number of ended episodes that failed for any reason. */
  readonly numFailed: number;
}

/** Pause before failed episodes are retried. */
export interface PlayPause {
  /** Reason of the pause: number and kinds of failures, and the first message. */
  readonly reason: string;
  readonly waitSeconds: number;
  /** Remaining patience, seconds. */
  readonly leftSeconds: number;
}

/** Options of {@link playGroups} for failures and progress. */
export interface PlayOptions {
  /** Tolerance. Default {@link defaultTolerance}. */
  readonly tolerance?: FailureTolerance | undefined;
  /** Finds an episode that was already played and need not be repeated. */
  readonly findPlayed?:
    | ((groupId: string, trajectoryIndex: number) => Trajectory | undefined)
    | undefined;
  readonly onProgress?: ((progress: PlayProgress) => void) | undefined;
  readonly onPause?: ((pause: PlayPause) => void) | undefined;
}

/**
 * Thrown if too many episodes failed for infrastructure reasons and the patience has ended.
 * `groups` contains all episodes, including failed ones.
 */
export class LostInfrastructure extends Error {
  override readonly name = "LostInfrastructure";
  readonly groups: readonly Group[];

  constructor(message: string, groups: readonly Group[]) {
    super(message);
    this.groups = groups;
  }
}

/** Maximum pause before a retry, seconds. */
const longestPause = 60;

/**
 * Plays the sibling episodes of groups, all concurrently.
 *
 * If too large a share of the episodes fails for infrastructure reasons, or no episode could be
 * graded, the failed episodes are retried after a pause, as long as retries make progress. An
 * episode depends only on its random stream, so the resulting groups are the same as without
 * failures.
 *
 * @param groupSize - Number of episodes per group, `>= 1`.
 * @param parts - Parts of the rollouts, of a model or a scripted player.
 * @throws {@link LostInfrastructure} when the patience ends; the signal's reason if it aborts.
 */
export async function playGroups(
  plans: readonly GroupPlan[],
  groupSize: number,
  parts: RolloutParts | ScriptedParts,
  { tolerance = defaultTolerance, findPlayed: known, onProgress, onPause }: PlayOptions = {},
): Promise<Group[]> {
  const { maxInfrastructureShare, patienceSeconds, retrySeconds } = tolerance;
  checkInteger("playGroups", { groupSize }, { min: 1 });
  checkNonNegative("playGroups", { maxInfrastructureShare, patienceSeconds, retrySeconds });
  const slots = plans.flatMap((plan) =>
    Array.from({ length: groupSize }, (_, trajectoryIndex) => ({ plan, trajectoryIndex })),
  );
  const played = slots.map(({ plan, trajectoryIndex }) => known?.(plan.id, trajectoryIndex));
  const report = (): void => {
    const ended = played.filter((trajectory) => trajectory !== undefined);
    onProgress?.({
      numEpisodes: slots.length,
      numEnded: ended.length,
      numFailed: ended.filter((trajectory) => !isGraded(trajectory)).length,
    });
  };
  const play = async (i: number): Promise<void> => {
    const { plan, trajectoryIndex } = slots[i]!;
    const sequence = {
      groupId: plan.id,
      trajectoryIndex,
      random: plan.random.fork(`trajectory/${trajectoryIndex}`),
    };
    played[i] =
      "createPlayer" in parts
        ? await playScripted(plan.task, parts, sequence)
        : await rollout(plan.task, parts, sequence);
    report();
  };
  if (slots.length > 0) report();
  let progressAt = 0;
  let fewestLost = Infinity;
  for (let numPauses = 0; ; numPauses++) {
    await Promise.all(slots.flatMap((_, i) => (played[i] === undefined ? [play(i)] : [])));
    const trajectories = played.map((trajectory) => trajectory!);
    const excess = findFailuresToRepeat(trajectories, maxInfrastructureShare);
    // After a pause, also retry the remaining infrastructure failures, as long as their number
    // decreases.
    const rest = numPauses === 0 ? [] : findInfrastructureFailures(trajectories);
    const lost = excess.length > 0 ? excess : rest.length < fewestLost ? rest : [];
    if (lost.length === 0) return toGroups(plans, groupSize, trajectories);
    const now = performance.now();
    if (lost.length < fewestLost) {
      progressAt = now;
      fewestLost = lost.length;
    }
    const leftSeconds = patienceSeconds - (now - progressAt) / 1000;
    const reason = describeFailures(trajectories, lost);
    if (leftSeconds <= 0) {
      throw new LostInfrastructure(
        `${reason}; no improvement within ${patienceSeconds} s`,
        toGroups(plans, groupSize, trajectories),
      );
    }
    const waitSeconds = Math.min(longestPause, retrySeconds * 2 ** numPauses, leftSeconds);
    onPause?.({ reason, waitSeconds, leftSeconds });
    await waitFor(waitSeconds, parts.signal);
    for (const i of lost) played[i] = undefined;
    report();
  }
}

/** Finds the episodes to retry; empty if enough episodes were graded. */
function findFailuresToRepeat(trajectories: readonly Trajectory[], maxShare: number): number[] {
  const indices = [...trajectories.keys()];
  const failed = indices.filter((i) => !isGraded(trajectories[i]!));
  const lost = findInfrastructureFailures(trajectories);
  if (lost.length > maxShare * trajectories.length) return lost;
  // A timeout is not an infrastructure failure, and a retry would take just as long.
  const isUngraded = failed.length === trajectories.length;
  const isOutOfTime = failed.every((i) => {
    const { outcome } = trajectories[i]!;
    return outcome.kind === "failed" && outcome.error.kind === "timeout";
  });
  return isUngraded && !isOutOfTime ? failed : [];
}

/** Finds the episodes that failed for infrastructure reasons. */
function findInfrastructureFailures(trajectories: readonly Trajectory[]): number[] {
  return [...trajectories.keys()].filter((i) => {
    const { outcome } = trajectories[i]!;
    return outcome.kind === "failed" && isInfrastructure(outcome.error.kind);
  });
}

/**
 * Formats failures: `8 of 8 episodes failed (engine 8; first: create environment: connect
 * ECONNREFUSED)`.
 */
function describeFailures(trajectories: readonly Trajectory[], lost: readonly number[]): string {
  const errors = lost.flatMap((i) => {
    const { outcome } = trajectories[i]!;
    return outcome.kind === "failed" ? [outcome.error] : [];
  });
  const counts = new Map<string, number>();
  for (const { kind } of errors) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [...counts].map(([kind, number]) => `${kind} ${number}`).join(", ");
  const first = errors[0]!.message.replaceAll(/\s+/gu, " ").slice(0, 300);
  return `${lost.length} of ${trajectories.length} episodes failed (${kinds}; first: ${first})`;
}

function toGroups(
  plans: readonly GroupPlan[],
  groupSize: number,
  trajectories: readonly Trajectory[],
): Group[] {
  return plans.map(({ id, task }, i) => ({
    id,
    task,
    trajectories: trajectories.slice(i * groupSize, (i + 1) * groupSize),
  }));
}

/** Waits unless the signal aborts. @throws The reason of the signal. */
async function waitFor(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(1000 * seconds, undefined, { signal }).catch(() => undefined);
  signal?.throwIfAborted();
}
