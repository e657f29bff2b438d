import { createRandom } from "@turnwise/core";

/** A seed as servers take it: a whole number in [0, 2^31). Equal texts give equal numbers. */
export function seedNumber(seed: string): number {
  return createRandom(seed).integer(2 ** 31);
}
