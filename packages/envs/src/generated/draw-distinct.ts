import { checkInteger, createRandom, type Random } from "@turnwise/core";
import { computeFingerprint, assignSplit, type GeneratedSplit } from "./fingerprint.ts";

/** Draws in a row without a new task after which a generator counts as exhausted. */
const patience = 2000;

/** A generated task and the hash of its content. */
export interface Drawn<T> {
  readonly value: T;
  readonly fingerprint: string;
}

/**
 * Draws distinct tasks of one split. Sets of different splits have no task in common, whatever their
 * seeds and counts, and a set is the beginning of any longer set whose other options are equal.
 * @param where - Names the generator, for messages.
 * @param parts.count - Number of tasks, `>= 0`.
 * @param parts.draw - Makes a task; `undefined` if a draw made no valid task.
 * @param parts.contentOf - Text that is equal for two tasks exactly if they count as the same task.
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
        `${where}: count must be at most the number of different tasks with these options, got ${count} and found ${drawn.length} in split ${split}`,
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
