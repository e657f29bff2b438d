import { checkFinite, checkNonNegative, checkSameLength } from "@turnwise/core";
import { diagnoseModulation, type ModulationDiagnostics } from "./diagnose-modulation.ts";
import { modulationCoefficients, type ModulationOptions } from "./modulation-coefficients.ts";
import { partition } from "./partition.ts";

/** Result of {@link modulate}. */
export interface Modulation {
  /** `coefficient * advantage`, `[response]`. */
  readonly advantages: number[];
  /** Coefficients, `[response]`; mean 1 within each group. */
  readonly coefficients: number[];
  readonly diagnostics: ModulationDiagnostics;
}

/**
 * Adaptive entropy modulation: multiplies the finished advantage of each response by its {@link
 * modulationCoefficients | coefficient} within its group. Signs do not change; the result is not
 * centered or scaled again.
 *
 * @param advantages - Advantage of each response, finished by an estimator, `[response]`.
 * @param entropies - Mean token entropy of each response under the policy before the update,
 *   `[response]`, nats per token.
 * @param groups - Key of each response's group, `[response]`. In the paper, a group contains all
 *   responses of all trajectories of one prompt. Responses of one group need not be adjacent.
 * @throws `RangeError` if the lengths differ, an advantage is not finite, or an entropy or option
 *   is negative or not finite.
 *
 * @example
 * modulate([1, -1, -1], [0.2, 0.5, 1.2], ["a", "a", "a"]).advantages; // [1.4227, -1.0539, -0.5234]
 *
 * @see arXiv:2605.00425
 */
export function modulate(
  advantages: readonly number[],
  entropies: readonly number[],
  groups: readonly (number | string)[],
  options: ModulationOptions = {},
): Modulation {
  checkSameLength("modulate", { advantages, entropies, groups });
  checkFinite("modulate", { advantages });
  checkNonNegative("modulate", { entropies });

  const coefficients = Array<number>(entropies.length).fill(1);
  for (const members of partition(groups)) {
    const own = modulationCoefficients(
      members.map((index) => entropies[index]!),
      options,
    );
    members.forEach((index, place) => (coefficients[index] = own[place]!));
  }
  return {
    advantages: advantages.map((advantage, index) => advantage * coefficients[index]!),
    coefficients,
    diagnostics: diagnoseModulation({ advantages, entropies, groups, coefficients }),
  };
}
