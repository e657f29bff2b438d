import type { Random } from "@turnwise/core";

/**
 * Deals samples into batches of nearly equal size, in random order. With fewer samples than batches
 * there are fewer batches; none is empty.
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
