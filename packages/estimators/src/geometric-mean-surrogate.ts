import { checkNonNegative, type Objective } from "@turnwise/core";
import {
  checkLogRatioLimits,
  defaultLogRatioLimits,
  logRatio,
  responseMean,
  type LogRatioLimits,
} from "./log-ratio.ts";
import { clamp, objectiveName, maskInputs, weightedSum } from "./objective-inputs.ts";

/** Options of {@link geometricMeanSurrogate}. */
export interface GeometricMeanSurrogateOptions {
  /**
   * Lower clip bound of a token's log-ratio, as distance below 0, nats, `>= 0`. Default 0.4
   * (paper).
   */
  readonly clipLow?: number;
  /** Upper clip bound, as distance above 0, nats, `>= 0`. Default 0.4 (paper). */
  readonly clipHigh?: number;
  /** Limits of the log-ratio before exponentiation. Default `[-20, 20]`. */
  readonly logRatioLimits?: LogRatioLimits;
}

/**
 * GMPO: the ratio of a response is the geometric mean of its token ratios, each clipped (in log
 * space, in the direction of the token's advantage) before the mean. The advantage of a response is
 * the mean over its tokens.
 *
 * Needs `oldLogProbs` and `advantages`. Metrics: `weight`, `clipFraction` (of tokens), `ratioMean`
 * (of responses).
 * @throws `RangeError` if an option is out of range.
 * @see arXiv:2507.20673; verl's `geo_mean`
 */
export function geometricMeanSurrogate({
  clipLow = 0.4,
  clipHigh = 0.4,
  logRatioLimits = defaultLogRatioLimits,
}: GeometricMeanSurrogateOptions = {}): Objective {
  checkLogRatioLimits("geometricMeanSurrogate", logRatioLimits);
  checkNonNegative("geometricMeanSurrogate", { clipLow, clipHigh });
  return {
    name: objectiveName("geometric-mean-surrogate", {
      clipLow,
      clipHigh,
      logRatioLimits: logRatioLimits.join(".."),
    }),
    needs: ["oldLogProbs", "advantages"],
    evaluate: (operations, inputs) => {
      const visible = maskInputs("geometricMeanSurrogate", operations, inputs);
      const { weights, responses } = visible;
      const advantages = visible.field("advantages");
      const free = logRatio(operations, visible, "token", logRatioLimits);
      const clipped = clamp(operations, free, -clipLow, clipHigh);
      // Take the pessimistic ratio: the smaller one for an advantage of at least 0, else the larger
      // one.
      const cautious = operations.where(
        operations.greater(0, advantages),
        operations.maximum(free, clipped),
        operations.minimum(free, clipped),
      );
      const ratios = operations.exp(responseMean(operations, cautious, weights, responses));
      const credit = responseMean(operations, advantages, weights, responses);
      const gap = operations.subtract(free, cautious);
      const isClipped = operations.greater(operations.multiply(gap, gap), 0);
      return {
        loss: weightedSum(
          operations,
          weights,
          operations.negate(operations.multiply(credit, ratios)),
        ),
        metrics: {
          weight: operations.sum(weights),
          clipFraction: weightedSum(operations, weights, isClipped),
          ratioMean: weightedSum(operations, weights, ratios),
        },
      };
    },
  };
}
