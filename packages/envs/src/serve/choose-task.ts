import { gameOrder } from "../alfworld/game-order.ts";
import type { EpisodeHost } from "./episode-host.ts";
import type { SessionSettings } from "./served-environment.ts";
import { SessionError } from "./session-error.ts";
import type { SessionOptions, TaskChoice } from "./session-options.ts";
import { slotOrder } from "./slot-order.ts";

/** Order of the tasks of one split and settings. Resets that choose no task continue the order. */
interface TaskOrder {
  readonly key: string;
  /** Positions in the split, or ranks of the tasks in the order of their ids. */
  readonly tasks: Iterator<number, never>;
  readonly hasRanks: boolean;
}

/** Position of a session among the tasks. */
export interface TaskPosition {
  order?: TaskOrder;
  split?: string;
}

/**
 * Chooses the task of a reset, and updates the position. A seed selects the order of ALFWorld's own
 * code, which verl-agent uses; a seed with a slot selects the order of verl-agent's WebShop.
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
    position.order = { key, tasks: listInOrder(numTasks, index + 1), hasRanks: false };
    return { split, index };
  }
  if (choice.kind === "seed") position.order = { key, ...orderBySeed(numTasks, choice) };
  else if (position.order?.key !== key) {
    position.order = { key, tasks: listInOrder(numTasks, 0), hasRanks: false };
  }
  const { tasks, hasRanks } = position.order;
  const { value } = tasks.next();
  return { split, index: hasRanks ? await host.findRanked(settings, split, value) : value };
}

function orderBySeed(
  numTasks: number,
  { seed, slot }: Extract<TaskChoice, { readonly kind: "seed" }>,
): Pick<TaskOrder, "tasks" | "hasRanks"> {
  if (slot === undefined) return { tasks: gameOrder(numTasks, seed), hasRanks: false };
  if (slot.slots > numTasks) {
    throw new SessionError(
      "invalid",
      `reset.slots must be at most ${numTasks}, the number of tasks of the split, got ${slot.slots}`,
    );
  }
  return { tasks: slotOrder(numTasks, seed, slot), hasRanks: true };
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

/** Yields the indices in `[0, numTasks)` in order, starting at `start`, in an endless cycle. */
function* listInOrder(numTasks: number, start: number): Generator<number, never, void> {
  for (let index = start % numTasks; ; index = (index + 1) % numTasks) yield index;
}
