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
  return coefficientsOf(entropies, { strength, minEntropyRange });
}

/** What the ablations change in the formula. */
export interface CoefficientRule extends Required<ModulationOptions> {
  /** Who counts more: the certain (the paper), or the uncertain. Default `"certain"`. */
  readonly direction?: "certain" | "uncertain";
  /** Whether entropies are scaled to [0, 1] over their group, or stay in nats. Default `"min-max"`. */
  readonly normalization?: "min-max" | "none";
}

/** The formula. All numbers are finite and at least 0. */
export function coefficientsOf(entropies: readonly number[], rule: CoefficientRule): number[] {
  const distances = distancesOf(entropies, rule);
  if (distances === undefined) return entropies.map(() => 1);
  return withMeanOne(distances.map((distance) => Math.exp(-rule.strength * distance)));
}

/**
 * How far each entropy is from the favoured end of the group, in [0, 1] or in nats, so that the largest
 * exponent is 0 and no weight overflows; `undefined` in the dead zone and for equal entropies.
 */
export function distancesOf(
  entropies: readonly number[],
  {
    minEntropyRange,
    direction = "certain",
    normalization = "min-max",
  }: Omit<CoefficientRule, "strength">,
): number[] | undefined {
  // Not Math.min(...entropies): a whole batch may hold more values than a call takes arguments.
  let low = Infinity;
  let high = -Infinity;
  for (const entropy of entropies) {
    low = Math.min(low, entropy);
    high = Math.max(high, entropy);
  }
  const range = high - low;
  // A smaller spread is sampling noise: scaling it to [0, 1] would amplify it.
  if (!(range > 0) || range < minEntropyRange) return undefined;
  const unit = normalization === "min-max" ? range : 1;
  return entropies.map(
    (entropy) => (direction === "certain" ? entropy - low : high - entropy) / unit,
  );
}

/** Weights over their mean; all 1 where that is 0 (and for no weights). */
export function withMeanOne(weights: readonly number[]): number[] {
  if (weights.length === 0) return [];
  const meanWeight = mean(weights);
  return weights.map((weight) => (meanWeight === 0 ? 1 : weight / meanWeight));
}
