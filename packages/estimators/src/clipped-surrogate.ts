import { checkNonNegative, checkPositive, type Objective } from "@turnwise/core";
import {
  checkLogRatioLimits,
  defaultLogRatioLimits,
  logRatio,
  type LogRatioLimits,
  type RatioLevel,
} from "./log-ratio.ts";
import { clamp, objectiveName, maskInputs, weightedSum } from "./objective-inputs.ts";

/** Options of {@link clippedSurrogate}. */
export interface ClippedSurrogateOptions {
  /** Lower clip bound, as distance below 1, in `[0, 1]`. Default 0.2 (PPO). */
  readonly clipLow?: number;
  /** Upper clip bound, as distance above 1, `>= 0`. Default 0.2; DAPO 0.28. */
  readonly clipHigh?: number;
  /**
   * Dual clip: for a negative advantage the loss is at most `-dualClip * advantage`; `> 1`, verl's
   * default is 3. Default `null`: off.
   */
  readonly dualClip?: number | null;
  /**
   * Upper bound of the ratio where the PPO clip does not apply, `> 1` (two-sided clip). Default
   * `null`: off.
   */
  readonly ratioCap?: number | null;
  /** Default `"token"`. */
  readonly ratioLevel?: RatioLevel;
  /** Default `[-20, 20]`; verl's GSPO `[-20, 10]`. */
  readonly logRatioLimits?: LogRatioLimits;
}

/**
 * Clipped surrogate of PPO: for each token
 * `max(-advantage * ratio, -advantage * clip(ratio, 1 - clipLow, 1 + clipHigh))`. The gradient is 0
 * where the ratio has left the range in the direction of the advantage.
 *
 * Needs `oldLogProbs` and `advantages`. Metrics (over all tokens, weighted): `clipFraction`;
 * `dualClipFraction` with `dualClip`; `ratioMean`; `oldNewKlK1` and `oldNewKlK3`, estimates of
 * KL(old || new); `weight`, the sum of the weights; divide the other metrics by it to get means.
 *
 * @throws `RangeError` if an option is out of range.
 * @see arXiv:1707.06347 (PPO), arXiv:2503.14476 (two bounds), arXiv:1912.09729 (dual clip),
 *   arXiv:2505.07291 (ratio cap), arXiv:2507.18071 (response ratios)
 */
export function clippedSurrogate({
  clipLow = 0.2,
  clipHigh = 0.2,
  dualClip = null,
  ratioCap = null,
  ratioLevel = "token",
  logRatioLimits = defaultLogRatioLimits,
}: ClippedSurrogateOptions = {}): Objective {
  checkNonNegative("clippedSurrogate", { clipLow, clipHigh });
  if (clipLow > 1)
    throw new RangeError(`clippedSurrogate: clipLow must be at most 1, got ${clipLow}`);
  for (const [name, bound] of Object.entries({ dualClip, ratioCap })) {
    if (bound === null) continue;
    checkPositive("clippedSurrogate", { [name]: bound });
    if (bound <= 1) throw new RangeError(`clippedSurrogate: ${name} must be > 1, got ${bound}`);
  }
  checkLogRatioLimits("clippedSurrogate", logRatioLimits);

  return {
    name: objectiveName("clipped-surrogate", {
      clipLow,
      clipHigh,
      dualClip: dualClip ?? undefined,
      ratioCap: ratioCap ?? undefined,
      ratioLevel,
      logRatioLimits: logRatioLimits.join(".."),
    }),
    needs: ["oldLogProbs", "advantages"],
    evaluate: (operations, inputs) => {
      const visible = maskInputs("clippedSurrogate", operations, inputs);
      const { weights } = visible;
      const advantages = visible.field("advantages");
      const logRatios = logRatio(operations, visible, ratioLevel, logRatioLimits);
      const ratios = operations.exp(logRatios);
      const lossAt = (ratio: typeof ratios): typeof ratios =>
        operations.negate(operations.multiply(advantages, ratio));

      const free = lossAt(clamp(operations, ratios, -Infinity, ratioCap ?? Infinity));
      const clipped = lossAt(clamp(operations, ratios, 1 - clipLow, 1 + clipHigh));
      const single = operations.maximum(free, clipped);
      const share = (values: typeof ratios): typeof ratios =>
        weightedSum(operations, weights, values);
      const metrics = {
        weight: operations.sum(weights),
        clipFraction: share(operations.greater(clipped, free)),
        ratioMean: share(ratios),
        oldNewKlK1: share(operations.negate(logRatios)),
        oldNewKlK3: share(operations.subtract(operations.subtract(ratios, 1), logRatios)),
      };
      if (dualClip === null) return { loss: share(single), metrics };

      const ceiling = operations.multiply(advantages, -dualClip);
      const isNegative = operations.greater(0, advantages);
      const dual = operations.where(isNegative, operations.minimum(single, ceiling), single);
      const dualClipFraction = share(
        operations.multiply(isNegative, operations.greater(single, ceiling)),
      );
      return { loss: share(dual), metrics: { ...metrics, dualClipFraction } };
    },
  };
}
