/**
 * Holm's step-down adjustment of the p values of one family of tests: in ascending order, the p of
 * rank `i` (from 0) of `m` becomes the largest `(m - j) * p[j]` of the ranks `j <= i`, at most 1.
 * Rejecting where the adjusted p is below a level keeps the probability of any false rejection in
 * the family below that level, whatever the dependence between tests.
 *
 * @param pValues - p values of one family, `[test]`, in [0, 1].
 * @returns Adjusted p values in the order of `pValues`, each at least as large; empty for none.
 * @throws `RangeError` naming the first value that is not in [0, 1].
 *
 * @example
 * holmAdjust([0.01, 0.04, 0.03]); // [0.03, 0.06, 0.06]
 *
 * @see Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979)
 */
export function holmAdjust(pValues: readonly number[]): number[] {
  for (const [i, p] of pValues.entries()) {
    if (!(p >= 0 && p <= 1)) {
      throw new RangeError(`holmAdjust: pValues[${i}] must be in [0, 1], got ${p}`);
    }
  }
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = pValues.map(() => 1);
  let highest = 0;
  for (const [rank, i] of order.entries()) {
    highest = Math.max(highest, Math.min(1, (pValues.length - rank) * pValues[i]!));
    adjusted[i] = highest;
  }
  return adjusted;
}
