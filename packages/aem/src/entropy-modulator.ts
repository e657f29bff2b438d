import { checkNonNegative } from "@turnwise/core";
import { computeCoefficients, type ModulationOptions } from "./modulation-coefficients.ts";
import {
  composeBatch,
  listEntropies,
  toFactors,
  mapScopes,
  measureBatch,
  modulatorName,
  readBatch,
  requireRandom,
  type ModulationScope,
  type Modulator,
} from "./modulator.ts";

/** Options of {@link entropyModulator}: the paper's method, and its ablations. */
export interface EntropyModulatorOptions extends ModulationOptions {
  /** Default `"group"`. */
  readonly scope?: ModulationScope;
  /**
   * Responses that get larger coefficients. `"uncertain"` is the reversed ablation. Default
   * `"certain"`.
   */
  readonly direction?: "certain" | "uncertain";
  /** Scaling of entropies to [0, 1] within their scope; `"none"` uses nats. Default `"min-max"`. */
  readonly normalization?: "min-max" | "none";
  /** Entropy of a response: the mean over its tokens, or their sum. Default `"mean"`. */
  readonly reduction?: "mean" | "sum";
  /** Unit with its own coefficient: a response, or each of its tokens. Default `"response"`. */
  readonly unit?: "response" | "token";
  /**
   * Permutes the coefficients of each scope at random: same distribution, no information. Default
   * `false`.
   */
  readonly shuffle?: boolean;
}

/**
 * Adaptive entropy modulation as a {@link Modulator}. The defaults equal `modulate`.
 *
 * Responses without tokens have no entropy: they keep their advantage and do not affect other
 * responses.
 *
 * @throws `RangeError` if an option is out of range. The modulator throws `RangeError` for
 *   advantages that are not finite, uncertainties out of range, and top-k entropies with bounds
 *   wider than `minEntropyRange`, for which the dead zone is undecidable.
 * @see arXiv:2605.00425
 */
export function entropyModulator({
  strength = 1,
  minEntropyRange = 0.1,
  scope = "group",
  direction = "certain",
  normalization = "min-max",
  reduction = "mean",
  unit = "response",
  shuffle = false,
}: EntropyModulatorOptions = {}): Modulator {
  checkNonNegative("entropyModulator", { strength, minEntropyRange });
  const rule = { strength, minEntropyRange, direction, normalization };

  return {
    name: modulatorName("aem", {
      strength,
      minEntropyRange,
      scope,
      direction,
      normalization,
      reduction,
      unit,
      shuffle,
    }),
    needs: [unit === "token" ? "token-entropies" : "response-entropy"],
    modulate: (responses, random) => {
      const batch = readBatch("entropyModulator", responses);
      const measured = measureBatch(batch);
      const sizeOf = (index: number): number =>
        reduction === "sum" ? measured[index]!.numTokens : 1;
      const entropies = listEntropies("entropyModulator", measured, unit);
      const values =
        unit === "token"
          ? entropies
          : entropies.map((own, i) => own.map((entropy) => entropy * sizeOf(i)));
      const coefficients = mapScopes(responses, scope, values, (own, members, index) => {
        const error = members.reduce(
          (most, i) => Math.max(most, measured[i]!.error * sizeOf(i)),
          0,
        );
        if (2 * error > minEntropyRange) {
          const { group } = responses[members[0]!]!;
          throw new RangeError(
            `entropyModulator: top-k entropies of group ${group} must be known to within minEntropyRange (${minEntropyRange}), got bounds ${2 * error} apart`,
          );
        }
        const ordered = computeCoefficients(own, rule);
        if (!shuffle) return ordered;
        return requireRandom("entropyModulator", random).fork(`scope/${index}`).shuffle(ordered);
      });
      return composeBatch(batch, toFactors(coefficients, unit));
    },
  };
}
