import { checkFinite, checkSameLength } from "./check.ts";
import { mean, sum } from "./numerics.ts";

/**
 * Pearson correlation of two lists: the cosine of their deviations from their means.
 *
 * @returns In [-1, 1]; `undefined` if a list does not vary (also for fewer than two values).
 * @throws `RangeError` if lengths differ or a number is not finite.
 *
 * @example
 * correlation([1, 2, 3], [2, 4, 7]); // 0.9934
 */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  checkSameLength("correlation", { a, b });
  checkFinite("correlation", { a, b });
  const [x, y] = [standardize(a), standardize(b)];
  if (x === undefined || y === undefined) return undefined;
  return Math.min(1, Math.max(-1, sum(x.map((value, i) => value * y[i]!))));
}

/** Deviations from the mean, as a vector of length 1; `undefined` if all are 0. */
function standardize(values: ArrayLike<number>): number[] | undefined {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  if (largest === 0) return undefined;
  // Scaled first, so that no square overflows or underflows.
  const scaled = Array.from(values, (value) => value / largest);
  const center = mean(scaled);
  const deviations = scaled.map((value) => value - center);
  const length = Math.sqrt(sum(deviations.map((value) => value * value)));
  if (length < 1e-14 * values.length) return undefined;
  return deviations.map((value) => value / length);
}
