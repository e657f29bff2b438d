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

/** A group before it is played. */
export interface GroupPlan {
  readonly id: string;
  readonly task: Task;
  /** Each sibling episode draws from a stream forked from this stream. */
  readonly random: Random;
}

/** Tolerance for infrastructure failures. */
export interface FailureTolerance {
  /** Share of episodes that may fail for infrastructure reasons, in [0, 1]. */
  readonly maxInfrastructureShare: number;
  /** Time without progress after which retries end, seconds, `>= 0`. */
  readonly patienceSeconds: number;
  /** Delay before the first retry, seconds; doubled for each further one, at most 60. */
  readonly retrySeconds: number;
}

/** Default tolerance of a run. */
export const defaultTolerance: FailureTolerance = {
  maxInfrastructureShare: 0.2,
  patienceSeconds: 600,
  retrySeconds: 5,
};

/** Progress of a set of episodes. */
export interface PlayProgress {
  readonly numEpisodes: number;
  /** Episodes that have ended; decreases when some are retried. */
  readonly numEnded: number;
  /** Ended episodes that failed for any reason. */
  readonly numFailed: number;
}

/** A pause before failed episodes are retried. */
export interface PlayPause {
  /** Number and kinds of failures, and the first message. */
  readonly reason: string;
  readonly waitSeconds: number;
  /** Remaining patience, seconds. */
  readonly leftSeconds: number;
}

/** Options of {@link playGroups} for failures and progress. */
export interface PlayOptions {
  /** Default {@link defaultTolerance}. */
  readonly tolerance?: FailureTolerance | undefined;
  /** Finds an episode that was played before and is not repeated. */
  readonly findPlayed?:
    | ((groupId: string, trajectoryIndex: number) => Trajectory | undefined)
    | undefined;
  readonly onProgress?: ((progress: PlayProgress) => void) | undefined;
  readonly onPause?: ((pause: PlayPause) => void) | undefined;
}

/**
 * Too many episodes failed for infrastructure reasons, and patience ran out. `groups` holds all episodes,
 * failures included.
 */
export class LostInfrastructure extends Error {
  override readonly name = "LostInfrastructure";
  readonly groups: readonly Group[];

  constructor(message: string, groups: readonly Group[]) {
    super(message);
    this.groups = groups;
  }
}

/** Longest pause before a retry, seconds. */
const longestPause = 60;

/**
 * Plays the sibling episodes of groups, all concurrently.
 *
 * If more than a share of the episodes fail for infrastructure reasons, or none could be graded, the
 * failed ones are retried after a pause, as long as that makes progress. An episode depends on its random
 * stream alone, so the groups are then those of an undisturbed run.
 *
 * @param groupSize - Siblings of each group, `>= 1`.
 * @param parts - Parts of a model's episodes, or of a scripted player's.
 * @throws {@link LostInfrastructure} once patience runs out; the signal's reason if it aborts.
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
    // After a disturbance, the remaining infrastructure failures are retried too, while their number
    // falls.
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

/** Finds the episodes to retry; none if enough episodes were graded. */
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

/** `8 of 8 episodes failed (engine 8; first: create environment: connect ECONNREFUSED)`. */
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

/** Waits, unless the signal aborts. @throws the signal's reason. */
async function waitFor(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(1000 * seconds, undefined, { signal }).catch(() => undefined);
  signal?.throwIfAborted();
}
