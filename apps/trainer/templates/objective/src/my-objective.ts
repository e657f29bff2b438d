import type { Objective } from "@turnwise/core";
import { clamp, maskInputs } from "@turnwise/estimators";
import { definePart } from "@turnwise/training";

/**
 * Creates a policy-gradient loss with a penalty for moving away from the old policy:
 * `-advantage * ratio + strength / 2 * log(ratio)^2`.
 *
 * It is written once over tensor operations: it runs on plain arrays, is differentiated for training,
 * and is linearized for remote learners.
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
      // Clamp before exp, so that the ratio of tokens far from the old policy stays finite.
      const difference = operations.subtract(newLogProbs, visible.field("oldLogProbs"));
      const logRatios = clamp(operations, difference, -20, 20);
      const gains = operations.multiply(visible.field("advantages"), operations.exp(logRatios));
      const squares = operations.multiply(logRatios, logRatios);
      const losses = operations.subtract(operations.multiply(squares, strength / 2), gains);
      return {
        loss: weighted(losses),
        // Weighted sums; the run reports them divided by the sum of weights.
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
