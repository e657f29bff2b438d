import { checkFinite } from "@turnwise/core";

/** Differences between the two arms of a study, one per seed that both arms have. */
export interface SeedPairs {
  /** Seeds that both arms have, ascending. */
  readonly seeds: readonly number[];
  /** Treatment minus baseline, `[seed]`. */
  readonly differences: readonly number[];
  /** Seeds that only one arm has, ascending; `differences` omits them. */
  readonly unpaired: readonly number[];
}

/**
 * Matches two arms by seed. A seed determines the tasks, initial weights and random draws of both
 * arms, so the variation that both arms share cancels in their difference.
 * @param treatment - Map from seed to number; the same for `baseline`.
 * @throws `RangeError` naming the arm and the seed of a value that is not finite.
 *
 * @example
 * pairBySeed(new Map([[1, 0.7], [2, 0.6]]), new Map([[2, 0.5], [3, 0.4]]));
 * // { seeds: [2], differences: [0.1], unpaired: [1, 3] }
 */
export function pairBySeed(
  treatment: ReadonlyMap<number, number>,
  baseline: ReadonlyMap<number, number>,
): SeedPairs {
  for (const [name, arm] of Object.entries({ treatment, baseline })) {
    for (const [seed, value] of arm) checkFinite("pairBySeed", { [`${name}.get(${seed})`]: value });
  }
  const ascending = (a: number, b: number): number => a - b;
  const seeds = [...treatment.keys()].filter((seed) => baseline.has(seed)).sort(ascending);
  const all = [...new Set([...treatment.keys(), ...baseline.keys()])];
  return {
    seeds,
    differences: seeds.map((seed) => treatment.get(seed)! - baseline.get(seed)!),
    unpaired: all.filter((seed) => !(treatment.has(seed) && baseline.has(seed))).sort(ascending),
  };
}
