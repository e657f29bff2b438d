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

/** Options of {@link criticalModulator}. */
export interface CriticalOptions {
  /**
   * Share of the responses of a scope to train on, the most uncertain first, in (0, 1). Default
   * 0.5.
   */
  readonly criticalShare?: number;
  /** Default `"group"`. */
  readonly scope?: ModulationScope;
  /** `"mean-one"`: scales the kept responses so that the mean stays 1. Default `"none"`. */
  readonly calibration?: "none" | "mean-one";
}

/**
 * Mask in the manner of CARL: trains only on the responses with the largest mean entropy. In a
 * scope of `n` responses, the coefficient is 1 for the `ceil(criticalShare * n)` most uncertain
 * responses, including ties with the last, and 0 for the rest.
 *
 * This follows the paper's abstract, because its text was not available: entropy is a proxy for the
 * criticality of an action, and actions of low criticality are excluded from updates. According to
 * summaries of the paper, fewer than half of the samples are trained on. CARL also assigns rewards
 * to critical actions by branching rollouts, which a modulator cannot do. The threshold by rank and
 * the default share are ours.
 *
 * @throws `RangeError` if an option is out of range.
 * @see arXiv:2512.04949
 */
export function criticalModulator({
  criticalShare = 0.5,
  scope = "group",
  calibration = "none",
}: CriticalOptions = {}): Modulator {
  if (!(criticalShare > 0 && criticalShare < 1)) {
    throw new RangeError(
      `criticalModulator: criticalShare must be in (0, 1), got ${criticalShare}`,
    );
  }
  return {
    name: modulatorName("carl", { criticalShare, scope, calibration }),
    needs: ["response-entropy"],
    modulate: (responses) => {
      const batch = readBatch("criticalModulator", responses);
      const entropies = listEntropies("criticalModulator", measureBatch(batch), "response");
      const masks = mapScopes(responses, scope, entropies, (values) => {
        const count = Math.ceil(criticalShare * values.length);
        const threshold = values.toSorted((a, b) => b - a)[count - 1] ?? 0;
        const mask = values.map((value) => (value >= threshold ? 1 : 0));
        return calibration === "mean-one" ? scaleToMeanOne(mask) : mask;
      });
      return composeBatch(batch, toFactors(masks, "response"));
    },
  };
}
