import type { TensorOperations } from "./tensor-operations.ts";

/** Per-token fields that an objective may read. */
export type ObjectiveField =
  | "oldLogProbs"
  | "advantages"
  | "referenceLogProbs"
  | "samplerLogProbs"
  | "values"
  | "oldValues"
  | "returns";

/**
 * Inputs of an objective, all over the response tokens of a batch, `[token]`. `newLogProbs` and
 * `entropies` (and `values`, with a value head) depend on the weights; everything else is constant.
 * Fields that an objective does not request are absent.
 */
export interface ObjectiveInputs<T, S> {
  /** Log-probs under the current weights, nats, at most 0. */
  readonly newLogProbs: T;
  /** Full-vocabulary entropies under the current weights, nats, at least 0. */
  readonly entropies: T;
  /**
   * Weight of each token in the loss: aggregation rule and mask combined in one number.
   * `loss = sum(weights * tokenLoss)`, so the losses of microbatches add up.
   */
  readonly weights: T;
  /** Index of each token's response. */
  readonly responses: S;
  readonly fields: Readonly<Partial<Record<ObjectiveField, T>>>;
}

/**
 * Result of an objective: a scalar loss to minimize, and scalar metrics, all additive over
 * microbatches.
 */
export interface ObjectiveResult<T> {
  readonly loss: T;
  /** Each metric is `sum(weights * quantity)`, so that microbatches add up. */
  readonly metrics: Readonly<Record<string, T>>;
}

/**
 * Loss function, written once in {@link TensorOperations}; it can run on plain arrays, be compiled
 * into a training step, or be linearized for remote learners.
 */
export interface Objective {
  /**
   * Identifies the objective with all its options: two objectives with the same name are the same
   * function.
   */
  readonly name: string;
  /** Fields that the objective reads. */
  readonly needs: readonly ObjectiveField[];
  readonly evaluate: <T, S>(
    operations: TensorOperations<T, S>,
    inputs: ObjectiveInputs<T, S>,
  ) => ObjectiveResult<T>;
}

/** Negative log-likelihood of the tokens: `sum(weights * -newLogProbs)`. */
export const crossEntropy: Objective = {
  name: "cross-entropy",
  needs: [],
  evaluate: (operations, { newLogProbs, weights }) => ({
    loss: operations.negate(operations.sum(operations.multiply(weights, newLogProbs))),
    metrics: {},
  }),
};
