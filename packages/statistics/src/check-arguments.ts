import { checkFinite } from "@turnwise/core";

/**
 * Requires lists with one finite number per seed.
 * @param min - Minimum number of seeds. Default 2, because one seed has no spread.
 * @throws `RangeError`: `tInterval: values must have at least 2 seeds, got 1`,
 *   `tInterval: values[1] must be finite, got NaN`.
 */
export function checkSeeds(
  where: string,
  lists: Readonly<Record<string, ArrayLike<number>>>,
  min = 2,
): void {
  for (const [name, { length }] of Object.entries(lists)) {
    if (length < min) {
      throw new RangeError(`${where}: ${name} must have at least ${min} seeds, got ${length}`);
    }
  }
  checkFinite(where, lists);
}

/**
 * Requires numbers strictly between 0 and 1.
 * @throws `RangeError` naming the first number out of range.
 */
export function checkFraction(where: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value > 0 && value < 1)) {
      throw new RangeError(`${where}: ${name} must be > 0 and < 1, got ${value}`);
    }
  }
}
