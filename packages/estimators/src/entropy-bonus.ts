import type { Objective } from "@turnwise/core";
import { maskInputs, weightedSum } from "./objective-inputs.ts";

/**
 * Entropy bonus as a loss: `-sum(weights * entropies)`. Scale it with `scaleObjective`. It changes
 * the entropy that AEM measures; do not use it in a study of entropy.
 *
 * Reads `entropies`. Metrics: `weight`, `lossEntropy`.
 */
export function entropyBonus(): Objective {
  return {
    name: "entropy-bonus",
    needs: [],
    evaluate: (operations, inputs) => {
      const { weights, entropies } = maskInputs("entropyBonus", operations, inputs);
      const entropy = weightedSum(operations, weights, entropies);
      return {
        loss: operations.negate(entropy),
        metrics: { weight: operations.sum(weights), lossEntropy: entropy },
      };
    },
  };
}
