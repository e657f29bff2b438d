import type { EpisodeHost } from "./episode-host.ts";
import type { SessionSettings } from "./served-environment.ts";
import { SessionError } from "./session-error.ts";
import type { SessionOptions } from "./session-options.ts";
import { createTaskOrder, type TaskOrder } from "./task-order.ts";

/** Position of a session among the tasks. */
export interface TaskPosition {
  /** Order that resets without a choice continue; it belongs to a split with certain settings. */
  order?: { readonly key: string; readonly tasks: TaskOrder };
  split?: string;
}

/**
 * Chooses the task of a reset, and updates the position.
 * @throws `SessionError` with code `invalid` if there is no such task.
 */
export async function chooseTask(
  host: EpisodeHost<SessionSettings>,
  position: TaskPosition,
  { choice, settings, split: wanted }: Pick<SessionOptions, "choice" | "settings" | "split">,
): Promise<{ readonly split: string; readonly index: number }> {
  const splits = await host.listSplits(settings);
  const split = wanted ?? position.split ?? splits[0]?.name ?? "";
  const found = splits.find(({ name }) => name === split);
  if (found === undefined) {
    const names = splits.map(({ name }) => name).join(", ");
    throw new SessionError(
      "invalid",
      `reset.split must be one of ${names}, got ${JSON.stringify(split)}`,
    );
  }
  position.split = split;
  const { numTasks } = found;
  if (choice.kind === "index") {
    if (choice.index < numTasks) return { split, index: choice.index };
    throw new SessionError(
      "invalid",
      `reset.index must be in [0, ${numTasks - 1}] for split ${split}, got ${choice.index}`,
    );
  }
  if (choice.kind === "id") {
    const index = await host.findTask(settings, split, choice.taskId);
    if (index !== undefined) return { split, index };
    throw new SessionError(
      "invalid",
      `reset.task_id must be a task of split ${split}, got ${JSON.stringify(choice.taskId)}`,
    );
  }
  const key = JSON.stringify([split, settings]);
  if (choice.kind === "seed" || position.order?.key !== key) {
    const seed = choice.kind === "seed" ? choice.seed : undefined;
    position.order = { key, tasks: createTaskOrder(numTasks, seed) };
  }
  return { split, index: position.order.tasks.next().value };
}
