import { checkFinite, checkSameLength } from "@turnwise/core";

/**
 * The Euclidean norm over all entries of all arrays, added up in float64; 0 for none. Not finite if
 * an entry is not.
 */
export function globalNorm(arrays: readonly Float32Array[]): number {
  let total = 0;
  for (const array of arrays) total += sumOfSquares(array);
  return Math.sqrt(total);
}

function sumOfSquares(array: Float32Array): number {
  let total = 0;
  for (let i = 0; i < array.length; i++) total += array[i]! * array[i]!;
  return total;
}

/**
 * `target += scale * source`, in place: adds up the gradients of microbatches.
 * @throws `RangeError` for arrays of different lengths, or a scale that is not finite.
 */
export function accumulate(target: Float32Array, source: Float32Array, scale = 1): void {
  checkSameLength("accumulate", { target, source });
  checkFinite("accumulate", { scale });
  for (let i = 0; i < target.length; i++) target[i]! += scale * source[i]!;
}

/** `target *= scale`, in place. @throws `RangeError` if the scale is not finite. */
export function scaleInPlace(target: Float32Array, scale: number): void {
  checkFinite("scaleInPlace", { scale });
  for (let i = 0; i < target.length; i++) target[i]! *= scale;
}
