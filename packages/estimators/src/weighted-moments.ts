import { sum } from "@turnwise/core";

/** True if all counted values are equal. */
function isFlat(values: readonly number[], counts: readonly number[]): boolean {
  let first: number | undefined;
  for (let i = 0; i < values.length; i++) {
    if (counts[i] === 0) continue;
    first ??= values[i]!;
    if (values[i] !== first) return false;
  }
  return true;
}

/**
 * Mean of values with counts; 0 if all counts are 0. If all values are equal, the mean is exactly
 * that value, so that differences from the mean are exactly 0. Values with count 0 are ignored and
 * may be NaN.
 */
export function weightedMean(values: readonly number[], counts: readonly number[]): number {
  if (isFlat(values, counts)) return values[counts.findIndex((count) => count > 0)] ?? 0;
  return sum(values.map((value, i) => (counts[i] === 0 ? 0 : value * counts[i]!))) / sum(counts);
}

/**
 * Variance of values with counts, around their mean.
 * @param freedom - 0 for the population variance, 1 for the sample variance.
 * @returns 0 if the total count is at most `freedom`.
 */
export function weightedVariance(
  values: readonly number[],
  counts: readonly number[],
  freedom: 0 | 1,
): number {
  const number = sum(counts);
  if (number <= freedom) return 0;
  const center = weightedMean(values, counts);
  const squares = values.map((value, i) =>
    counts[i] === 0 ? 0 : (value - center) ** 2 * counts[i]!,
  );
  return sum(squares) / (number - freedom);
}
