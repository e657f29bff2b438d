import { checkNonNegative, mean } from "@turnwise/core";

/** Options of {@link modulationCoefficients}. */
export interface ModulationOptions {
  /** How strongly entropy is weighed (the paper's lambda), `>= 0`; at 0 every coefficient is 1. Default 1 (paper). */
  readonly strength?: number;
  /**
   * The dead zone: groups whose entropies spread less are left alone, nats per token, `>= 0`.
   * Default 0.1 (paper).
   */
  readonly minEntropyRange?: number;
}

/**
 * How much each response of a group is to count, by how sure the policy was of it: below the
 * group's usual entropy more than 1, above it less.
 *
 * The entropies are scaled to `h` in [0, 1] over the group (the paper's H tilde), and
 * `coefficient[i] = exp(-strength * h[i]) / mean(exp(-strength * h))` (the paper's alpha). The
 * largest coefficient is `exp(strength)` times the smallest.
 *
 * @param entropies - Mean token entropy of each response in the group, `[response]`, nats per token.
 * @returns One coefficient for each response, `[response]`, `>= 0`, with mean 1. All 1 where the
 *   entropies spread less than `minEntropyRange`, or not at all (a group of one); empty for an
 *   empty group.
 * @throws `RangeError` if an entropy or an option is negative or not finite.
 *
 * @example
 * modulationCoefficients([0.2, 0.5, 1.2]); // [1.4227, 1.0539, 0.5234]
 *
 * @see arXiv:2605.00425
 */
export function modulationCoefficients(
  entropies: readonly number[],
  { strength = 1, minEntropyRange = 0.1 }: ModulationOptions = {},
): number[] {
  checkNonNegative("modulationCoefficients", { entropies, strength, minEntropyRange });
  const scaled = scaledToUnit(entropies, minEntropyRange);
  if (scaled === undefined) return entropies.map(() => 1);
  const weights = scaled.map((h) => Math.exp(-strength * h));
  const meanWeight = mean(weights);
  return weights.map((weight) => weight / meanWeight);
}

/**
 * Values scaled linearly so that the smallest is 0 and the largest 1; `undefined` where they spread
 * less than `minRange`, or not at all: that spread would be noise blown up to full size.
 */
export function scaledToUnit(values: readonly number[], minRange: number): number[] | undefined {
  // Not Math.min(...values): a whole batch may hold more values than a call takes arguments.
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const range = high - low;
  if (!(range > 0) || range < minRange) return undefined;
  return values.map((value) => (value - low) / range);
}
