import type { Random } from "@turnwise/core";

/**
 * Splits samples into minibatches of nearly equal size, in random order. If there are fewer samples
 * than `count`, there are fewer minibatches, so that none is empty.
 */
export function splitMinibatches<T>(samples: readonly T[], count: number, random: Random): T[][] {
  const shuffled = random.shuffle(samples);
  const numBatches = Math.min(count, shuffled.length);
  return Array.from({ length: numBatches }, (_, i) =>
    shuffled.slice(
      Math.floor((i * shuffled.length) / numBatches),
      Math.floor(((i + 1) * shuffled.length) / numBatches),
    ),
  );
}
