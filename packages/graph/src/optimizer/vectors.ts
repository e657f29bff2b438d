import { checkFinite, checkSameLength } from "@turnwise/core";

/**
 * Euclidean norm over all entries of all arrays, summed in float64; 0 for an empty list. Not finite
 * if an entry is not finite.
 */
export function globalNorm(arrays: readonly Float32Array[]): number {
  let total = 0;
  for (const array of arrays) total += sumOfSquares(array);
  return Math.sqrt(total);
}

function sumOfSquares(array: Float32Array): number {
  // Use four independent sums, for instruction-level parallelism.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= array.length; i += 4) {
    a += array[i]! * array[i]!;
    b += array[i + 1]! * array[i + 1]!;
    c += array[i + 2]! * array[i + 2]!;
    d += array[i + 3]! * array[i + 3]!;
  }
  for (; i < array.length; i++) a += array[i]! * array[i]!;
  return a + b + c + d;
}

/**
 * `target += scale * source`, in place, to sum the gradients of microbatches.
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
