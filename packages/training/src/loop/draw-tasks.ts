import type { Random, Task } from "@turnwise/core";

/**
 * Draws the tasks of an iteration. The first round takes the training tasks in a random order that
 * is reshuffled for each pass. Later rounds draw independently, so that the order does not depend
 * on the number of rounds.
 */
export function drawTasks(
  tasks: readonly Task[],
  iteration: number,
  round: number,
  count: number,
  random: Random,
): Task[] {
  if (round > 0) {
    const again = random.fork(`tasks/iteration/${iteration}/round/${round}`);
    return Array.from({ length: count }, () => again.choice(tasks));
  }
  const passes = new Map<number, Task[]>();
  return Array.from({ length: count }, (_, slot) => {
    const position = (iteration - 1) * count + slot;
    const pass = Math.floor(position / tasks.length);
    const order = passes.get(pass) ?? random.fork(`tasks/${pass}`).shuffle(tasks);
    passes.set(pass, order);
    return order[position % tasks.length]!;
  });
}
