import { InputError } from "@turnwise/core";
import type { EvaluationSplit } from "./task-settings.ts";

/** Tasks of the splits that a run uses. */
export interface TaskSplits<T> {
  readonly training: readonly T[];
  readonly evaluation: readonly { readonly split: string; readonly tasks: readonly T[] }[];
  /** All tasks that may be played, each once. */
  readonly all: readonly T[];
}

/**
 * Splits tasks that were loaded from files: `train` is the first `numTraining` of the training
 * tasks, `held_out` the rest, and `evaluation` the separate evaluation tasks.
 * @param name - Name of the environment, for messages.
 * @param noun - Plural noun for the tasks, for messages.
 * @throws `InputError` if a requested split has no tasks, unless it is needed only if present.
 */
export function splitTasks<T extends { readonly id: string }>(
  name: string,
  noun: string,
  loaded: { readonly training: readonly T[]; readonly evaluation: readonly T[] },
  requested: { readonly numTraining: number; readonly evaluation: readonly EvaluationSplit[] },
): TaskSplits<T> {
  const training = loaded.training.slice(0, requested.numTraining);
  const bySplit: Readonly<Record<string, readonly T[]>> = {
    train: training,
    held_out: loaded.training.slice(requested.numTraining),
    evaluation: loaded.evaluation,
  };
  const evaluation = requested.evaluation.flatMap(({ split, numTasks, ifPresent }) => {
    const tasks = bySplit[split]?.slice(0, numTasks) ?? [];
    if (tasks.length > 0) return [{ split, tasks }];
    if (ifPresent === true) return [];
    const counts = Object.entries(bySplit).map(([known, list]) => `${known} (${list.length})`);
    throw new InputError(
      `${name}: split ${split} has no ${noun} (${noun} per split: ${counts.join(", ")})`,
    );
  });
  const all = new Map(
    [...training, ...evaluation.flatMap(({ tasks }) => tasks)].map((task) => [task.id, task]),
  );
  return { training, evaluation, all: [...all.values()] };
}
