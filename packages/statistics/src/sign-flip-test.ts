import { checkInteger, sum, type Random } from "@turnwise/core";
import { checkSeeds } from "./check-arguments.ts";

/** Options of {@link signFlipTest}. */
export interface SignFlipOptions {
  /** Number of random sign assignments for more than 40 seeds, `>= 1000`. Default 100,000. */
  readonly numResamples?: number;
}

/** Result of {@link signFlipTest}. */
export interface SignFlipTest {
  /** Two-sided p value, in (0, 1]. */
  readonly p: number;
  /** Smallest possible p for this number of seeds: `2 / 2^n`; 1 / 16 for 5 seeds. */
  readonly smallestP: number;
  /** Standard error of a sampled p; 0 if p is exact. */
  readonly standardError: number;
}

/** Maximum number of seeds for an exact p; two halves of 20 seeds have a million sums each. */
const maxExactSeeds = 40;

/**
 * Sign-flip (randomization) test of paired differences: if the arms are exchangeable within a seed,
 * every assignment of signs to the differences is equally likely. `p` is the share of the `2^n`
 * assignments whose sum is at least as far from 0 as the observed one (Fisher, 1935). It assumes no
 * distribution, but few seeds cannot give a small p: with 5 seeds p is at least 0.0625.
 *
 * Exact for up to 40 seeds (sums of two halves, sorted and matched). Beyond, `random` draws
 * assignments, and `p = (1 + extreme) / (1 + numResamples)` (Phipson and Smyth, 2010).
 *
 * @param differences - Treatment minus baseline, one number per seed, `[seed]`.
 * @throws `RangeError` for no seeds, a difference that is not finite, or an option out of range.
 *
 * @example
 * signFlipTest([1, 2, 3], random).p; // 0.25: +++ and --- of 8
 */
export function signFlipTest(
  differences: readonly number[],
  random: Random,
  { numResamples = 100_000 }: SignFlipOptions = {},
): SignFlipTest {
  checkSeeds("signFlipTest", { differences }, 1);
  checkInteger("signFlipTest", { numResamples }, { min: 1000 });
  const n = differences.length;
  const smallestP = 2 ** (1 - n);
  // Count sums as ties, and therefore as extreme, if they differ only by rounding.
  const rounding = 1e-12 * sum(differences.map(Math.abs));
  const threshold = Math.abs(sum(differences)) - rounding;
  if (threshold <= 0) return { p: 1, smallestP, standardError: 0 };
  if (n <= maxExactSeeds) {
    return { p: (2 * countReaching(differences, threshold)) / 2 ** n, smallestP, standardError: 0 };
  }
  let numExtreme = 0;
  for (let i = 0; i < numResamples; i++) {
    let total = 0;
    for (const difference of differences) total += random.next() < 0.5 ? difference : -difference;
    if (Math.abs(total) >= threshold) numExtreme++;
  }
  const p = (1 + numExtreme) / (1 + numResamples);
  return { p, smallestP, standardError: Math.sqrt((p * (1 - p)) / numResamples) };
}

/** Number of sign assignments whose sum is at least `threshold > 0`. */
function countReaching(differences: readonly number[], threshold: number): number {
  const middle = differences.length >> 1;
  const left = signedSums(differences.slice(0, middle)).sort();
  const right = signedSums(differences.slice(middle)).sort();
  let count = 0;
  // Two pointers: as the left sum grows, the smallest sufficient right sum falls.
  let first = right.length;
  for (const total of left) {
    while (first > 0 && total + right[first - 1]! >= threshold) first--;
    count += right.length - first;
  }
  return count;
}

/** Sums of all sign assignments. */
function signedSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(2 ** values.length);
  for (const [i, value] of values.entries()) {
    const length = 2 ** i;
    for (let j = 0; j < length; j++) {
      sums[length + j] = sums[j]! + value;
      sums[j]! -= value;
    }
  }
  return sums;
}
