import { createRandom } from "@turnwise/core";

/**
 * Converts a seed to the form that servers accept: a whole number in [0, 2^31). Equal texts give
 * equal numbers.
 */
export function seedNumber(seed: string): number {
  return createRandom(seed).integer(2 ** 31);
}
