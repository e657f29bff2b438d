import { checkInteger, isGraded, isSuccess, type Group } from "@turnwise/core";

/**
 * Probability that `k` episodes drawn from `n`, of which `c` are successes, contain a success: the
 * unbiased estimator `1 - C(n - c, k) / C(n, k)`.
 * @throws `RangeError` unless `0 <= c <= n` and `1 <= k <= n`.
 *
 * @example
 * passAtK(4, 1, 2); // 0.5
 *
 * @see arXiv:2107.03374
 */
export function passAtK(n: number, c: number, k: number): number {
  checkInteger("passAtK", { n }, { min: 1 });
  checkInteger("passAtK", { c }, { min: 0, max: n });
  checkInteger("passAtK", { k }, { min: 1, max: n });
  // Multiply the probability that all k fail factor by factor, which avoids large binomial
  // coefficients.
  let failing = 1;
  for (let i = 0; i < k; i++) failing *= Math.max(0, n - c - i) / (n - i);
  return 1 - failing;
}

/**
 * Probability that `k` episodes drawn from `n`, of which `c` are successes, are all successes (pass^k):
 * the unbiased estimator `C(c, k) / C(n, k)`.
 * @throws `RangeError` unless `0 <= c <= n` and `1 <= k <= n`.
 *
 * @example
 * passAllK(4, 3, 2); // 0.5
 *
 * @see arXiv:2406.12045
 */
export function passAllK(n: number, c: number, k: number): number {
  // All k succeed if there is no failure among them, so exchange successes and failures.
  return 1 - passAtK(n, n - c, k);
}

/**
 * Averages `passAtK` or `passAllK` over tasks, for k = 1, 2, 4, ... and the number of samples. Only
 * graded episodes count; the mean for k excludes tasks with fewer than k graded episodes.
 * @returns Pairs of k and mean; a k is omitted if no task has enough episodes.
 */
export function computePassCurve(
  groups: readonly Group[],
  measure: typeof passAtK = passAtK,
): ReadonlyMap<number, number> {
  const counts = groups.map(({ trajectories }) => {
    const valid = trajectories.filter(isGraded);
    return { n: valid.length, c: valid.filter(isSuccess).length };
  });
  const most = counts.reduce((high, { n }) => Math.max(high, n), 0);
  const curve = new Map<number, number>();
  for (let k = 1; k <= most; k = k * 2 > most && k < most ? most : k * 2) {
    const enough = counts.filter(({ n }) => n >= k);
    curve.set(k, enough.reduce((sum, { n, c }) => sum + measure(n, c, k), 0) / enough.length);
  }
  return curve;
}
