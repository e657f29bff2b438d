import type { Random } from "@turnwise/core";

/** Distribution of the mean of resampled seeds: ascending means, and the weight of each. */
export interface ResampledMeans {
  readonly means: Float64Array;
  /** Probability of each mean, sum 1. */
  readonly weights: Float64Array;
}

/**
 * Maximum number of seeds for which all resamples are enumerated: 8 seeds have 6,435 distinct ones.
 */
export const maxEnumeratedSeeds = 8;

/**
 * Bootstrap distribution of the mean: whole seeds are drawn with replacement. Exact for up to
 * {@link maxEnumeratedSeeds} seeds (the multinomial weight of each multiset), sampled for more.
 * @param numResamples - Number of random resamples if they are not enumerated.
 */
export function resampleMeans(
  values: readonly number[],
  numResamples: number,
  random: Random,
): ResampledMeans {
  if (values.length <= maxEnumeratedSeeds) {
    const entries = enumerateMeans(values).sort((a, b) => a.mean - b.mean);
    return {
      means: Float64Array.from(entries, ({ mean }) => mean),
      weights: Float64Array.from(entries, ({ weight }) => weight),
    };
  }
  const means = new Float64Array(numResamples);
  for (let resample = 0; resample < numResamples; resample++) {
    let total = 0;
    for (let i = 0; i < values.length; i++) {
      total += values[Math.floor(random.next() * values.length)]!;
    }
    means[resample] = total / values.length;
  }
  return { means: means.sort(), weights: means.map(() => 1 / numResamples) };
}

/** Mean and probability of each multiset of seeds. */
function enumerateMeans(values: readonly number[]): { mean: number; weight: number }[] {
  const n = values.length;
  const factorial = [1];
  for (let i = 1; i <= n; i++) factorial.push(factorial[i - 1]! * i);
  const entries: { mean: number; weight: number }[] = [];
  const visit = (seed: number, left: number, total: number, weight: number): void => {
    if (seed === n - 1) {
      const mean = (total + left * values[seed]!) / n;
      entries.push({ mean, weight: weight / factorial[left]! });
      return;
    }
    for (let count = 0; count <= left; count++) {
      visit(seed + 1, left - count, total + count * values[seed]!, weight / factorial[count]!);
    }
  };
  visit(0, n, 0, factorial[n]! / n ** n);
  return entries;
}
