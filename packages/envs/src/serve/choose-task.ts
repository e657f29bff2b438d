import { gameOrder } from "../alfworld/game-order.ts";
import type { EpisodeHost } from "./episode-host.ts";
import type { SessionSettings } from "./served-environment.ts";
import { SessionError } from "./session-error.ts";
import type { SessionOptions } from "./session-options.ts";

/** Position of a session among the tasks. */
export interface TaskPosition {
  /** Order that resets without a choice continue; it belongs to a split with certain settings. */
  order?: { readonly key: string; readonly tasks: Iterator<number, never> };
  split?: string;
}

/**
 * Chooses the task of a reset, and updates the position. The order of a seed is that of ALFWorld's
 * reference, which verl-agent uses.
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
  const key = JSON.stringify([split, settings]);
  if (choice.kind === "index" || choice.kind === "id") {
    const index =
      choice.kind === "index" ? choice.index : await findTask(host, split, settings, choice.taskId);
    if (index >= numTasks) {
      throw new SessionError(
        "invalid",
        `reset.index must be in [0, ${numTasks - 1}] for split ${split}, got ${index}`,
      );
    }
    // A reset without a choice plays the next task of the split.
    position.order = { key, tasks: listInOrder(numTasks, index + 1) };
    return { split, index };
  }
  if (choice.kind === "seed") position.order = { key, tasks: gameOrder(numTasks, choice.seed) };
  else if (position.order?.key !== key) position.order = { key, tasks: listInOrder(numTasks, 0) };
  return { split, index: position.order.tasks.next().value };
}

async function findTask(
  host: EpisodeHost<SessionSettings>,
  split: string,
  settings: SessionSettings,
  taskId: string,
): Promise<number> {
  const index = await host.findTask(settings, split, taskId);
  if (index !== undefined) return index;
  throw new SessionError(
    "invalid",
    `reset.task_id must be a task of split ${split}, got ${JSON.stringify(taskId)}`,
  );
}

/** Indices in `[0, numTasks)` in order, from one on, again and again. */
function* listInOrder(numTasks: number, start: number): Generator<number, never, void> {
  for (let index = start % numTasks; ; index = (index + 1) % numTasks) yield index;
}
