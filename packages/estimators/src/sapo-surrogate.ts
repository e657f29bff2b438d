import { checkPositive, type Objective } from "@turnwise/core";
import {
  checkLogRatioLimits,
  defaultLogRatioLimits,
  logRatio,
  type LogRatioLimits,
} from "./log-ratio.ts";
import { objectiveName, maskInputs, weightedSum } from "./objective-inputs.ts";

/** Options of {@link sapoSurrogate}. */
export interface SapoSurrogateOptions {
  /** Steepness of the gate for positive advantages, `> 0`. Default 1 (paper). */
  readonly positiveTemperature?: number;
  /** Steepness of the gate for advantages that are 0 or negative, `> 0`. Default 1.05 (paper). */
  readonly negativeTemperature?: number;
  /** Limits of the log-ratio before exponentiation. Default `[-20, 20]`. */
  readonly logRatioLimits?: LogRatioLimits;
}

/**
 * SAPO: a soft gate instead of a clip,
 * `-advantage * sigmoid(temperature * (ratio - 1)) * 4 / temperature`; at a ratio of 1 the gradient
 * equals that of `-advantage * ratio`, and it decays on both sides.
 *
 * Needs `oldLogProbs` and `advantages`. The paper aggregates by `"seq-mean-token-mean"`. Metrics:
 * `weight`, `ratioMean`.
 * @throws `RangeError` if an option is out of range.
 * @see arXiv:2511.20347
 */
export function sapoSurrogate({
  positiveTemperature = 1,
  negativeTemperature = 1.05,
  logRatioLimits = defaultLogRatioLimits,
}: SapoSurrogateOptions = {}): Objective {
  checkLogRatioLimits("sapoSurrogate", logRatioLimits);
  checkPositive("sapoSurrogate", { positiveTemperature, negativeTemperature });
  return {
    name: objectiveName("sapo", {
      positiveTemperature,
      negativeTemperature,
      logRatioLimits: logRatioLimits.join(".."),
    }),
    needs: ["oldLogProbs", "advantages"],
    evaluate: (operations, inputs) => {
      const visible = maskInputs("sapoSurrogate", operations, inputs);
      const { weights } = visible;
      const advantages = visible.field("advantages");
      const ratios = operations.exp(logRatio(operations, visible, "token", logRatioLimits));
      const excess = operations.subtract(ratios, 1);
      const temperatures = operations.where(
        operations.greater(advantages, 0),
        positiveTemperature,
        negativeTemperature,
      );
      const gates = operations.sigmoid(operations.multiply(temperatures, excess));
      const scaled = operations.divide(operations.multiply(gates, 4), temperatures);
      return {
        loss: weightedSum(
          operations,
          weights,
          operations.negate(operations.multiply(advantages, scaled)),
        ),
        metrics: {
          weight: operations.sum(weights),
          ratioMean: weightedSum(operations, weights, ratios),
        },
      };
    },
  };
}
