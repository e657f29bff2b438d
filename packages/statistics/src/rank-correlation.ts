import { checkFinite, checkSameLength, correlation } from "@turnwise/core";

/**
 * Spearman's rank correlation: Pearson's correlation of the ranks; equal values share the mean of
 * their ranks (Spearman, 1904).
 *
 * @returns In [-1, 1]; `undefined` if all values of a list are equal.
 * @throws `RangeError` if lengths differ or a number is not finite.
 *
 * @example
 * rankCorrelation([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]); // 0.8208
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | undefined {
  checkSameLength("rankCorrelation", { a, b });
  checkFinite("rankCorrelation", { a, b });
  return correlation(ranksOf(a), ranksOf(b));
}

/** Rank of each value from 1; equal values share the mean of their ranks. */
function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let place = start; place < end; place++) ranks[order[place]!] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}
