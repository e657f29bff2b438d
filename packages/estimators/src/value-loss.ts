import { checkPositive, type Objective } from "@turnwise/core";
import { clamp, objectiveName, maskInputs, weightedSum } from "./objective-inputs.ts";

/** Options of {@link valueLoss}. */
export interface ValueLossOptions {
  /**
   * Maximum distance of a value from the old value, `> 0`. Default `null`: no clip; verl uses 0.5.
   * Needs `oldValues`.
   */
  readonly clip?: number | null;
}

/**
 * Half the squared error of a critic: `(values - returns)^2 / 2`. With `clip`, the maximum of this
 * error and the same error of the value clipped around the old value.
 *
 * Needs `values` (which depend on the weights), `returns`, and `oldValues` with a clip. Metrics:
 * `weight`, `valueMean`, and `valueClipFraction` with a clip.
 * @throws `RangeError` if the clip is out of range.
 * @see arXiv:1707.06347; verl's `compute_value_loss`
 */
export function valueLoss({ clip = null }: ValueLossOptions = {}): Objective {
  if (clip !== null) checkPositive("valueLoss", { clip });
  return {
    name: objectiveName("value-loss", { clip: clip ?? undefined }),
    needs: clip === null ? ["values", "returns"] : ["values", "returns", "oldValues"],
    evaluate: (operations, inputs) => {
      const { weights, field } = maskInputs("valueLoss", operations, inputs);
      const values = field("values");
      const returns = field("returns");
      const squareError = (guess: typeof values): typeof values => {
        const gap = operations.subtract(guess, returns);
        return operations.multiply(operations.multiply(gap, gap), 0.5);
      };
      const free = squareError(values);
      const metrics = {
        weight: operations.sum(weights),
        valueMean: weightedSum(operations, weights, values),
      };
      if (clip === null) return { loss: weightedSum(operations, weights, free), metrics };

      const old = field("oldValues");
      const move = clamp(operations, operations.subtract(values, old), -clip, clip);
      const clipped = squareError(operations.add(old, move));
      return {
        loss: weightedSum(operations, weights, operations.maximum(free, clipped)),
        metrics: {
          ...metrics,
          valueClipFraction: weightedSum(operations, weights, operations.greater(clipped, free)),
        },
      };
    },
  };
}
