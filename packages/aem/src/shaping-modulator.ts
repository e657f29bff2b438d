import { checkPositive } from "@turnwise/core";
import { scaleToMeanOne } from "./modulation-coefficients.ts";
import {
  composeBatch,
  listEntropies,
  toFactors,
  mapScopes,
  measureBatch,
  modulatorName,
  readBatch,
  type ModulationScope,
  type Modulator,
} from "./modulator.ts";
import { partition } from "./partition.ts";

/** Options of {@link shapingModulator}. */
export interface ShapingOptions {
  /** `"token"` like GTPO, `"response"` like GRPO-S. Default `"token"`. */
  readonly unit?: "token" | "response";
  /** Weight of the entropy relative to the plain advantage, `> 0`. Default 1. */
  readonly strength?: number;
  /** Default `"group"`. */
  readonly scope?: ModulationScope;
  /**
   * Entropy of responses with a negative advantage: unchanged, so that uncertain failures get
   * larger coefficients; or mirrored within the scope, so that confident failures do. Default
   * `"same"`.
   */
  readonly failures?: "same" | "mirrored";
}

/**
 * Entropy shaping in the manner of GTPO (per token) and GRPO-S (per response): uncertain tokens or
 * responses get larger coefficients (AEM gives them smaller ones). `coefficient = (1 + strength * h
 * / mean(h)) / (1 + strength)`, mean 1 over the scope.
 *
 * This follows the paper's abstract and a figure, because its text was not available: rewards are
 * redistributed by weights such as `H[i, t] / sum over siblings of H[k, t]`; high-entropy tokens
 * are rewarded in correct sequences and suppressed in incorrect ones. Summaries of the paper report
 * that confident failures are penalized more. GTPO shapes rewards before the baseline. The formula
 * above, which shapes finished advantages, its default strength, and the mirrored entropy `low +
 * high - h` are ours.
 *
 * @throws `RangeError` if an option is out of range.
 * @see arXiv:2508.04349
 */
export function shapingModulator({
  unit = "token",
  strength = 1,
  scope = "group",
  failures = "same",
}: ShapingOptions = {}): Modulator {
  checkPositive("shapingModulator", { strength });
  return {
    name: modulatorName("gtpo", { unit, strength, scope, failures }),
    needs: [unit === "token" ? "token-entropies" : "response-entropy"],
    modulate: (responses) => {
      const batch = readBatch("shapingModulator", responses);
      const entropies = listEntropies("shapingModulator", measureBatch(batch), unit);
      const shaped = mapScopes(responses, scope, entropies, (values, members) => {
        const isMirrored = members.flatMap((i) =>
          entropies[i]!.map(() => failures === "mirrored" && batch.advantages[i]! < 0),
        );
        const low = values.reduce((a, b) => Math.min(a, b), Infinity);
        const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
        const mirrored = values.map((value, i) => (isMirrored[i] ? low + high - value : value));
        // Positive and negative advantages are normalized separately to mean 1, so that their
        // balance does not change.
        const coefficients = values.map(() => 1);
        for (const indices of partition(isMirrored.map(Number))) {
          scaleToMeanOne(indices.map((i) => mirrored[i]!)).forEach((relative, i) => {
            coefficients[indices[i]!] = (1 + strength * relative) / (1 + strength);
          });
        }
        return coefficients;
      });
      return composeBatch(batch, toFactors(shaped, unit));
    },
  };
}
