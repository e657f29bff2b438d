import { checkNonNegative, mean } from "@turnwise/core";

/** Options of {@link modulationCoefficients}. */
export interface ModulationOptions {
  /**
   * Strength of the modulation (the paper's lambda), `>= 0`; at 0 every coefficient is 1. Default 1
   * (paper).
   */
  readonly strength?: number;
  /**
   * Dead zone: groups with a smaller range of entropies are not modulated, nats per token, `>= 0`.
   * Default 0.1 (paper).
   */
  readonly minEntropyRange?: number;
}

/**
 * Computes one coefficient per response of a group: above 1 if the entropy is low for the group,
 * below 1 if it is high.
 *
 * The entropies are scaled to `h` in [0, 1] over the group (the paper's H tilde), and
 * `coefficient[i] = exp(-strength * h[i]) / mean(exp(-strength * h))` (the paper's alpha). The
 * largest coefficient is `exp(strength)` times the smallest.
 *
 * @param entropies - Mean token entropy of each response in the group, `[response]`, nats per
 *   token.
 * @returns One coefficient per response, `[response]`, `>= 0`, with mean 1. All 1 if the range of
 *   entropies is below `minEntropyRange`, or 0 (a group of one); empty for an empty group.
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
  return computeCoefficients(entropies, { strength, minEntropyRange });
}

/** Parameters of the coefficient formula, including those of the ablations. */
export interface CoefficientRule extends Required<ModulationOptions> {
  /**
   * Responses that get larger coefficients: the certain ones (the paper) or the uncertain ones.
   * Default `"certain"`.
   */
  readonly direction?: "certain" | "uncertain";
  /** Scaling of entropies: to [0, 1] over their group, or none (nats). Default `"min-max"`. */
  readonly normalization?: "min-max" | "none";
}

/** Computes the coefficients. The result is finite and at least 0. */
export function computeCoefficients(entropies: readonly number[], rule: CoefficientRule): number[] {
  const distances = computeDistances(entropies, rule);
  if (distances === undefined) return entropies.map(() => 1);
  return scaleToMeanOne(distances.map((distance) => Math.exp(-rule.strength * distance)));
}

/**
 * Distance of each entropy from the entropy with the largest coefficient, in [0, 1] or in nats. The
 * largest exponent is thus 0, and no weight overflows. `undefined` in the dead zone and for equal
 * entropies.
 */
export function computeDistances(
  entropies: readonly number[],
  {
    minEntropyRange,
    direction = "certain",
    normalization = "min-max",
  }: Omit<CoefficientRule, "strength">,
): number[] | undefined {
  // Not Math.min(...entropies): a batch may have more entropies than a call may have arguments.
  let low = Infinity;
  let high = -Infinity;
  for (const entropy of entropies) {
    low = Math.min(low, entropy);
    high = Math.max(high, entropy);
  }
  const range = high - low;
  // A smaller range is sampling noise: scaling it to [0, 1] would amplify it.
  if (!(range > 0) || range < minEntropyRange) return undefined;
  const unit = normalization === "min-max" ? range : 1;
  return entropies.map(
    (entropy) => (direction === "certain" ? entropy - low : high - entropy) / unit,
  );
}

/** Divides weights by their mean. If the mean is 0, or the list is empty, returns all 1. */
export function scaleToMeanOne(weights: readonly number[]): number[] {
  if (weights.length === 0) return [];
  const meanWeight = mean(weights);
  return weights.map((weight) => (meanWeight === 0 ? 1 : weight / meanWeight));
}
