import { checkInteger } from "@turnwise/core";
import { NumpyRandom } from "../python/numpy-random.ts";

/** Sessions that draw their tasks together. */
export interface Slot {
  /** Position of a session among them, in [0, `slots`). */
  readonly slot: number;
  /** Number of sessions, `>= 1`. */
  readonly slots: number;
}

/**
 * Yields the infinite order in which verl-agent draws WebShop's goals for one of its environments. Each
 * reset draws `slots` distinct goals with numpy's `RandomState(seed).choice`, one for each environment.
 *
 * @param numTasks - Number of tasks, `>= slots`.
 * @param seed - An integer in [0, 2^32 - 1], the same for all slots.
 * @returns Ranks in `[0, numTasks)`.
 */
export function* slotOrder(
  numTasks: number,
  seed: number,
  { slot, slots }: Slot,
): Generator<number, never, void> {
  checkInteger("slotOrder", { slots }, { min: 1, max: numTasks });
  checkInteger("slotOrder", { slot }, { min: 0, max: slots - 1 });
  const random = new NumpyRandom(seed);
  for (;;) yield random.choice(0, numTasks, slots)[slot]!;
}
