import { gameOrder } from "../alfworld/game-order.ts";

/** Order in which the resets of a session play the tasks of a split, without end. */
export type TaskOrder = Iterator<number, never>;

/**
 * Order of tasks for a seed: that of ALFWorld's reference, which verl-agent uses; without a seed, the
 * order of the split.
 * @param numTasks - `>= 1`.
 * @returns Indices in `[0, numTasks)`.
 */
export function createTaskOrder(numTasks: number, seed: number | undefined): TaskOrder {
  return seed === undefined ? repeatInOrder(numTasks) : gameOrder(numTasks, seed);
}

function* repeatInOrder(numTasks: number): Generator<number, never, void> {
  for (let index = 0; ; index = (index + 1) % numTasks) yield index;
}
