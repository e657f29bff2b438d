import { checkPositive, type Objective, type TensorOperations } from "@turnwise/core";
import { defaultLogRatioLimits, logRatio } from "./log-ratio.ts";
import { clamp, objectiveName, maskInputs, weightedSum } from "./objective-inputs.ts";

/**
 * Estimators of KL(new || reference) from one sampled token, with `x = new - reference`:
 * `k1 = x`, `absolute = |x|`, `k2 = x^2 / 2`, `k3 = exp(-x) + x - 1`.
 * @see http://joschu.net/blog/kl-approx.html
 */
export type KlEstimator = "k1" | "absolute" | "k2" | "k3";

/** Options of {@link klPenalty}. */
export interface KlPenaltyOptions {
  /** Default `"k3"` (GRPO). */
  readonly estimator?: KlEstimator;
  /**
   * Gradient to use: the estimator's own gradient, or the gradient of k2, which is an unbiased
   * gradient of the KL (verl's `k3+` and similar). Default `"own"`.
   */
  readonly gradient?: "own" | "k2";
  /**
   * `"ratio"` multiplies each token's estimate by its ratio of new to old probability, which
   * corrects for tokens sampled from the old policy (TRL's default; needs `oldLogProbs`). Default
   * `"none"`.
   */
  readonly correction?: "none" | "ratio";
  /**
   * Maximum absolute value of an estimate, `> 0`. Default `null`: no limit; verl limits k3 to 10.
   */
  readonly limit?: number | null;
}

/**
 * KL to the reference policy as a loss: `sum(weights * kl(new || reference))`.
 *
 * Needs `referenceLogProbs`. The exponent of k3 is limited to [-20, 20]. Scale it with
 * `scaleObjective` and add it to a surrogate with `addObjectives`. Metrics: `weight`,
 * `referenceKl`.
 *
 * @throws `RangeError` if the limit is out of range.
 * @see arXiv:2402.03300
 */
export function klPenalty({
  estimator = "k3",
  gradient = "own",
  correction = "none",
  limit = null,
}: KlPenaltyOptions = {}): Objective {
  if (limit !== null) checkPositive("klPenalty", { limit });
  return {
    name: objectiveName("kl-penalty", {
      estimator,
      gradient,
      correction,
      limit: limit ?? undefined,
    }),
    needs: correction === "ratio" ? ["referenceLogProbs", "oldLogProbs"] : ["referenceLogProbs"],
    evaluate: (operations, inputs) => {
      const visible = maskInputs("klPenalty", operations, inputs);
      const gap = operations.subtract(visible.newLogProbs, visible.field("referenceLogProbs"));
      let kl = estimateLimitedKl(operations, gap, estimator, limit);
      if (gradient === "k2") {
        const carrier = estimate(operations, gap, "k2");
        const still = operations.subtract(kl, carrier);
        kl = operations.add(carrier, operations.stopGradient(still));
      }
      if (correction === "ratio") {
        const ratios = operations.exp(
          logRatio(operations, visible, "token", defaultLogRatioLimits),
        );
        kl = operations.multiply(kl, ratios);
      }
      const loss = weightedSum(operations, visible.weights, kl);
      return { loss, metrics: { weight: operations.sum(visible.weights), referenceKl: loss } };
    },
  };
}

/** KL estimate of each token from `gap = new - reference`, with absolute value at most `limit`. */
export function estimateLimitedKl<T, S>(
  operations: TensorOperations<T, S>,
  gap: T,
  estimator: KlEstimator,
  limit: number | null,
): T {
  const kl = estimate(operations, gap, estimator);
  return limit === null ? kl : clamp(operations, kl, -limit, limit);
}

function estimate<T, S>(operations: TensorOperations<T, S>, gap: T, estimator: KlEstimator): T {
  if (estimator === "k1") return gap;
  if (estimator === "absolute") return operations.maximum(gap, operations.negate(gap));
  if (estimator === "k2") return operations.multiply(operations.multiply(gap, gap), 0.5);
  const falling = operations.exp(clamp(operations, operations.negate(gap), -20, 20));
  return operations.subtract(operations.add(falling, gap), 1);
}
