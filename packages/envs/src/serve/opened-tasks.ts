import type { Task } from "@turnwise/core";
import type { TaskSource } from "../task-source.ts";
import type { SplitSize } from "./episode-host.ts";
import { SessionError } from "./session-error.ts";

/** Tasks of one source, by split and position. */
export class OpenedTasks {
  readonly source: TaskSource;
  readonly #splits: ReadonlyMap<string, readonly Task[]>;
  readonly #positions = new Map<string, ReadonlyMap<string, number>>();
  readonly #ranked = new Map<string, Uint32Array>();

  constructor(source: TaskSource) {
    this.source = source;
    const splits = new Map<string, readonly Task[]>();
    if (source.training.length > 0) splits.set("train", source.training);
    // An evaluation split may have the name `train`, or occur twice; the first one is used.
    for (const { split, tasks } of source.evaluation) {
      if (tasks.length > 0 && !splits.has(split)) splits.set(split, tasks);
    }
    this.#splits = splits;
  }

  /** Splits that have tasks, `train` first. */
  listSplits(): SplitSize[] {
    return Array.from(this.#splits, ([name, { length }]) => ({ name, numTasks: length }));
  }

  /** Tasks of a split. @throws `SessionError` for an unknown split. */
  list(split: string): readonly Task[] {
    const tasks = this.#splits.get(split);
    if (tasks !== undefined) return tasks;
    const names = [...this.#splits.keys()].join(", ");
    throw new SessionError(
      "invalid",
      `split must be one of ${names}, got ${JSON.stringify(split)}`,
    );
  }

  /** Task at a position. @throws `SessionError` for a position outside of the split. */
  at(split: string, index: number): Task {
    const tasks = this.list(split);
    const task = tasks[index];
    if (task !== undefined) return task;
    throw new SessionError(
      "invalid",
      `index must be in [0, ${tasks.length - 1}] for split ${split}, got ${index}`,
    );
  }

  /** Position of a task; `undefined` if the split does not have it. */
  find(split: string, taskId: string): number | undefined {
    let positions = this.#positions.get(split);
    if (positions === undefined) {
      positions = new Map(this.list(split).map(({ id }, index) => [id, index]));
      this.#positions.set(split, positions);
    }
    return positions.get(taskId);
  }

  /**
   * Position of the task with the given rank in the order of ids. Numbers in ids are compared as
   * numbers: `goal/9` precedes `goal/10`.
   */
  findRanked(split: string, rank: number): number {
    let ranked = this.#ranked.get(split);
    if (ranked === undefined) {
      const tasks = this.list(split);
      const { compare } = new Intl.Collator("en", { numeric: true });
      ranked = Uint32Array.from(tasks.keys()).sort((a, b) => compare(tasks[a]!.id, tasks[b]!.id));
      this.#ranked.set(split, ranked);
    }
    return ranked[rank]!;
  }
}
