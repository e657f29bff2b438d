import { isGraded, isSuccess, type Group } from "@turnwise/core";
import { clusteredRateInterval } from "@turnwise/statistics";

/** Success rate over graded episodes, with its interval. */
export interface SuccessRate {
  /** Success rate, in [0, 1]. */
  readonly success: number;
  /** Ends of the interval, in [0, 1]. */
  readonly low: number;
  readonly high: number;
  /** Confidence of the interval, in (0, 1). */
  readonly confidence: number;
  /** Number of tasks with graded episodes. */
  readonly tasks: number;
  /** Number of graded episodes. */
  readonly episodes: number;
}

/**
 * Measures the success rate of an evaluation, with the 95 % interval over tasks for one policy, see
 * `clusteredRateInterval`. Failed episodes are excluded.
 * @returns `undefined` if no episode was graded.
 */
export function measureSuccess(groups: readonly Group[]): SuccessRate | undefined {
  const tasks = groups.flatMap(({ trajectories }) => {
    const graded = trajectories.filter(isGraded);
    if (graded.length === 0) return [];
    return [{ numSolved: graded.filter(isSuccess).length, numEpisodes: graded.length }];
  });
  if (tasks.length === 0) return undefined;
  const { estimate, ...interval } = clusteredRateInterval(tasks);
  const episodes = tasks.reduce((sum, { numEpisodes }) => sum + numEpisodes, 0);
  return { success: estimate, ...interval, tasks: tasks.length, episodes };
}

/**
 * Applies {@link measureSuccess} by kind of task, sorted by name; kinds without graded episodes are
 * absent.
 */
export function measureSuccessByKind(
  groups: readonly Group[],
): Readonly<Record<string, SuccessRate>> {
  const kinds = [...new Set(groups.map(({ task }) => task.kind))].sort();
  return Object.fromEntries(
    kinds.flatMap((kind): [string, SuccessRate][] => {
      const rate = measureSuccess(groups.filter(({ task }) => task.kind === kind));
      return rate === undefined ? [] : [[kind, rate]];
    }),
  );
}
