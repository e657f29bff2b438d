import type { Objective } from "@turnwise/core";
import {
  checkLogRatioLimits,
  defaultLogRatioLimits,
  logRatio,
  type LogRatioLimits,
} from "./log-ratio.ts";
import { objectiveName, maskInputs, weightedSum } from "./objective-inputs.ts";

/**
 * REINFORCE: `-advantage * newLogProb`. Correct only on-policy.
 *
 * Needs `advantages`. Metric: `weight`.
 */
export function policyGradient(): Objective {
  return {
    name: "policy-gradient",
    needs: ["advantages"],
    evaluate: (operations, inputs) => {
      const { weights, newLogProbs, field } = maskInputs("policyGradient", operations, inputs);
      const credit = operations.multiply(field("advantages"), newLogProbs);
      return {
        loss: weightedSum(operations, weights, operations.negate(credit)),
        metrics: { weight: operations.sum(weights) },
      };
    },
  };
}

/** Options of {@link importanceSampling}. */
export interface ImportanceSamplingOptions {
  /** Limits of the log-ratio before exponentiation. Default `[-20, 20]`. */
  readonly logRatioLimits?: LogRatioLimits;
}

/**
 * Importance sampling without a clip: `-advantage * ratio`, with a limited log-ratio. Tinker
 * servers call this loss `importance_sampling`.
 *
 * Needs `oldLogProbs` and `advantages`. Metrics: `weight`, `ratioMean`.
 */
export function importanceSampling({
  logRatioLimits = defaultLogRatioLimits,
}: ImportanceSamplingOptions = {}): Objective {
  checkLogRatioLimits("importanceSampling", logRatioLimits);
  return {
    name: objectiveName("importance-sampling", { logRatioLimits: logRatioLimits.join("..") }),
    needs: ["oldLogProbs", "advantages"],
    evaluate: (operations, inputs) => {
      const visible = maskInputs("importanceSampling", operations, inputs);
      const { weights } = visible;
      const ratios = operations.exp(logRatio(operations, visible, "token", logRatioLimits));
      const credit = operations.multiply(visible.field("advantages"), ratios);
      return {
        loss: weightedSum(operations, weights, operations.negate(credit)),
        metrics: {
          weight: operations.sum(weights),
          ratioMean: weightedSum(operations, weights, ratios),
        },
      };
    },
  };
}
