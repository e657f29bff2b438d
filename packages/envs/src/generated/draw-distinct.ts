import { checkInteger, createRandom, type Random } from "@turnwise/core";
import { computeFingerprint, assignSplit, type GeneratedSplit } from "./fingerprint.ts";

/** Number of consecutive draws without a new task after which a generator counts as exhausted. */
const patience = 2000;

/** Generated task and the hash of its content. */
export interface Drawn<T> {
  readonly value: T;
  readonly fingerprint: string;
}

/**
 * Draws distinct tasks of one split. Sets of different splits have no task in common, whatever
 * their seeds and counts. With otherwise equal options, a shorter set is a prefix of a longer one.
 * @param where - Name of the generator, for messages.
 * @param parts.count - Number of tasks, `>= 0`.
 * @param parts.draw - Draws a task; `undefined` if the draw gave no valid task.
 * @param parts.contentOf - Returns a text that is equal for two tasks if and only if they count as
 *   the same.
 * @throws `RangeError` if the options allow fewer distinct tasks than `count`.
 */
export function drawDistinct<T>(
  where: string,
  parts: {
    readonly seed: number | string;
    readonly split: GeneratedSplit;
    readonly count: number;
    readonly draw: (random: Random) => T | undefined;
    readonly contentOf: (value: T) => string;
  },
): Drawn<T>[] {
  const { seed, split, count, draw, contentOf } = parts;
  checkInteger(where, { count }, { min: 0 });
  const random = createRandom(seed);
  const drawn: Drawn<T>[] = [];
  const seen = new Set<string>();
  for (let attempt = 0, vain = 0; drawn.length < count; attempt++, vain++) {
    if (vain === patience) {
      throw new RangeError(
        `${where}: count must be at most the number of different tasks with these options, got ${count}, but found only ${drawn.length} in split ${split}`,
      );
    }
    const value = draw(random.fork(`task/${attempt}`));
    if (value === undefined) continue;
    const fingerprint = computeFingerprint(contentOf(value));
    if (seen.has(fingerprint) || assignSplit(fingerprint) !== split) continue;
    seen.add(fingerprint);
    drawn.push({ value, fingerprint });
    vain = -1;
  }
  return drawn;
}
