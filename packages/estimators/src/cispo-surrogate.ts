import { checkNonNegative, type Objective } from "@turnwise/core";
import {
  checkLogRatioLimits,
  defaultLogRatioLimits,
  logRatio,
  type LogRatioLimits,
} from "./log-ratio.ts";
import { clamp, objectiveName, maskInputs, weightedSum } from "./objective-inputs.ts";

/** Options of {@link cispoSurrogate}. */
export interface CispoSurrogateOptions {
  /** Lower clip bound of the ratio, `>= 0`. Default 0 (MiniMax, TRL); verl 0.8. */
  readonly minRatio?: number;
  /** Upper clip bound of the ratio, `>= minRatio`. Default 5 (MiniMax, TRL, SkyRL); verl 1.28. */
  readonly maxRatio?: number;
  /** Limits of the log-ratio before exponentiation. Default `[-20, 20]`. */
  readonly logRatioLimits?: LogRatioLimits;
}

/**
 * CISPO: every token keeps its gradient, weighted by its clipped ratio:
 * `-stopGradient(clip(ratio, minRatio, maxRatio)) * advantage * newLogProb`.
 *
 * Needs `oldLogProbs` and `advantages`. Metrics: `weight`, `clipFraction`, `ratioMean`.
 * @throws `RangeError` if an option is out of range.
 * @see arXiv:2506.13585
 */
export function cispoSurrogate({
  minRatio = 0,
  maxRatio = 5,
  logRatioLimits = defaultLogRatioLimits,
}: CispoSurrogateOptions = {}): Objective {
  checkLogRatioLimits("cispoSurrogate", logRatioLimits);
  checkNonNegative("cispoSurrogate", { minRatio, maxRatio });
  if (maxRatio < minRatio) {
    throw new RangeError(
      `cispoSurrogate: maxRatio must be >= minRatio (${minRatio}), got ${maxRatio}`,
    );
  }
  return {
    name: objectiveName("cispo", { minRatio, maxRatio, logRatioLimits: logRatioLimits.join("..") }),
    needs: ["oldLogProbs", "advantages"],
    evaluate: (operations, inputs) => {
      const visible = maskInputs("cispoSurrogate", operations, inputs);
      const { weights, newLogProbs } = visible;
      const ratios = operations.exp(logRatio(operations, visible, "token", logRatioLimits));
      const kept = clamp(operations, ratios, minRatio, maxRatio);
      const credit = operations.multiply(
        operations.stopGradient(kept),
        visible.field("advantages"),
      );
      const isOutside = operations.add(
        operations.greater(ratios, maxRatio),
        operations.greater(minRatio, ratios),
      );
      return {
        loss: weightedSum(
          operations,
          weights,
          operations.negate(operations.multiply(credit, newLogProbs)),
        ),
        metrics: {
          weight: operations.sum(weights),
          clipFraction: weightedSum(operations, weights, isOutside),
          ratioMean: weightedSum(operations, weights, ratios),
        },
      };
    },
  };
}
