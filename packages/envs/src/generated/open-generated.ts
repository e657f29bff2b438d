import { InputError, type Task } from "@turnwise/core";
import type { EvaluationSplit } from "../task-settings.ts";
import type { TaskSplit } from "../task-source.ts";
import { generatedSplits, type GeneratedSplit } from "./fingerprint.ts";

/** Generated tasks of a run, and access to their contents by id. */
export interface GeneratedTasks<T extends Task> {
  readonly training: readonly Task[];
  readonly evaluation: readonly TaskSplit[];
  /** Returns the content of a task. @throws `RangeError` for an id that was not generated. */
  readonly contentOf: (task: Task) => T;
  /** Description of the numbers of tasks. */
  readonly counts: string;
}

/**
 * Generates the tasks that a run uses.
 * @param name - Name of the environment, for messages.
 * @param generate - Generates the first tasks of a split.
 * @throws `InputError` for a split that is unknown or empty, or more tasks than exist.
 */
export function openGenerated<T extends Task>(
  name: string,
  {
    numTraining,
    evaluation,
  }: { readonly numTraining: number; readonly evaluation: readonly EvaluationSplit[] },
  generate: (split: GeneratedSplit, count: number) => readonly T[],
): GeneratedTasks<T> {
  const isKnown = (split: string): split is GeneratedSplit =>
    generatedSplits.some((known) => known === split);
  const wanted = evaluation.filter(({ split, ifPresent }) => isKnown(split) || ifPresent !== true);
  const unknown = wanted.find(({ split }) => !isKnown(split));
  if (unknown !== undefined) {
    throw new InputError(
      `${name}: split must be one of ${generatedSplits.join(", ")}, got ${unknown.split}`,
    );
  }
  const contents = new Map<string, T>();
  const bySplit = new Map<string, readonly Task[]>(
    generatedSplits.map((split) => {
      const counts = wanted.filter((one) => one.split === split).map(({ numTasks }) => numTasks);
      const total = Math.max(split === "train" ? numTraining : 0, ...counts);
      const tasks = convertRangeErrors(() => (total === 0 ? [] : generate(split, total)));
      if (total > 0 && tasks.length === 0) {
        throw new InputError(`${name}: split ${split} has no tasks`);
      }
      for (const task of tasks) contents.set(task.id, task);
      return [split, tasks.map(({ id, kind }): Task => ({ id, kind }))];
    }),
  );
  const take = (split: string, count: number): readonly Task[] =>
    bySplit.get(split)!.slice(0, count);
  const training = take("train", numTraining);
  const splits = wanted.map(({ split, numTasks }) => ({ split, tasks: take(split, numTasks) }));
  return {
    training,
    evaluation: splits,
    contentOf: ({ id }) => {
      const content = contents.get(id);
      if (content !== undefined) return content;
      throw new RangeError(`${name}: task must be one of the generated tasks, got ${id}`);
    },
    counts: [
      ...(training.length > 0 ? [`${training.length} to train`] : []),
      ...splits.map(({ split, tasks }) => `${tasks.length} of ${split} to evaluate`),
      ...(splits.length === 0 ? ["no evaluation"] : []),
    ].join(", "),
  };
}

/** Converts a generator's `RangeError` to an `InputError` about the settings. */
function convertRangeErrors<T>(generate: () => T): T {
  try {
    return generate();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new InputError(cause.message, { cause });
  }
}
