import type { Objective } from "@turnwise/core";
import { clamp, maskInputs } from "@turnwise/estimators";
import { definePart } from "@turnwise/training";

/**
 * Policy gradient with a penalty for leaving the old policy:
 * `-advantage * ratio + strength / 2 * log(ratio)^2`.
 *
 * Written once over tensor operations: it runs on plain arrays, is differentiated for training, and
 * is linearized for remote learners.
 * @param strength - `>= 0`.
 */
export function createObjective(strength: number): Objective {
  return {
    name: `my-objective(strength=${strength})`,
    needs: ["oldLogProbs", "advantages"],
    evaluate: (operations, inputs) => {
      const visible = maskInputs("my-objective", operations, inputs);
      const { newLogProbs, weights } = visible;
      const weighted = (values: typeof weights): typeof weights =>
        operations.sum(operations.multiply(weights, values));
      // Limited before exp, so that tokens far from the old policy stay finite.
      const difference = operations.subtract(newLogProbs, visible.field("oldLogProbs"));
      const logRatios = clamp(operations, difference, -20, 20);
      const gains = operations.multiply(visible.field("advantages"), operations.exp(logRatios));
      const squares = operations.multiply(logRatios, logRatios);
      const losses = operations.subtract(operations.multiply(squares, strength / 2), gains);
      return {
        loss: weighted(losses),
        // Sums by weight: the run reports them divided by the sum of the weights.
        metrics: { weight: operations.sum(weights), squaredLogRatio: weighted(squares) },
      };
    },
  };
}

/** The loss as a part: `--set algorithm.surrogate.options.strength=2` changes its option. */
export const objective = definePart({
  name: "my-objective",
  options: { strength: 0.1 },
  create: ({ strength }) => createObjective(strength),
});
