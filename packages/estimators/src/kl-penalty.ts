import type { Objective } from "@turnwise/core";
import { clamp, objectiveName, visibleInputs, weightedSum } from "./objective-inputs.ts";

/**
 * Estimators of KL(new || reference) from one sampled token, with `x = new - reference`:
 * `k1 = x`, `k2 = x^2 / 2`, `k3 = exp(-x) + x - 1`.
 * @see http://joschu.net/blog/kl-approx.html
 */
export type KlEstimator = "k1" | "k2" | "k3";

/** Options of {@link klPenalty}. */
export interface KlPenaltyOptions {
  /** Default `"k3"` (GRPO). */
  readonly estimator?: KlEstimator;
}

/**
 * KL from the reference policy as a loss: `sum(weights * kl(new || reference))`.
 *
 * Needs `referenceLogProbs`. The exponent of k3 is limited to [-20, 20]. Scale it with
 * {@link scaleObjective} and add it to a surrogate with {@link addObjectives}. Metric:
 * `referenceKl`, and `weight`, the sum of the weights.
 *
 * @see arXiv:2402.03300
 */
export function klPenalty({ estimator = "k3" }: KlPenaltyOptions = {}): Objective {
  return {
    name: objectiveName("kl-penalty", { estimator }),
    needs: ["referenceLogProbs"],
    evaluate: (operations, inputs) => {
      const visible = visibleInputs("klPenalty", operations, inputs);
      const gap = operations.subtract(visible.newLogProbs, visible.field("referenceLogProbs"));
      const kl =
        estimator === "k1"
          ? gap
          : estimator === "k2"
            ? operations.multiply(operations.multiply(gap, gap), 0.5)
            : operations.subtract(
                operations.add(
                  operations.exp(clamp(operations, operations.negate(gap), -20, 20)),
                  gap,
                ),
                1,
              );
      const loss = weightedSum(operations, visible.weights, kl);
      return { loss, metrics: { weight: operations.sum(visible.weights), referenceKl: loss } };
    },
  };
}
