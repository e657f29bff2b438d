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
   * Share of each token in the loss: the aggregation rule and its mask, combined in one number.
   * `loss = sum(weights * tokenLoss)`, so the losses of microbatches add up.
   */
  readonly weights: T;
  /** Response of each token. */
  readonly responses: S;
  readonly fields: Readonly<Partial<Record<ObjectiveField, T>>>;
}

/** Result of an objective: a scalar to minimize, and scalars to report that also add up. */
export interface ObjectiveResult<T> {
  readonly loss: T;
  /** Each is `sum(weights * quantity)`, so that microbatches add up. */
  readonly metrics: Readonly<Record<string, T>>;
}

/**
 * Loss, written once over {@link TensorOperations}: it runs on plain arrays, is compiled into a
 * training step, and is linearized for remote learners.
 */
export interface Objective {
  /**
   * Identifies the objective with all its options: two objectives of one name are the same
   * function.
   */
  readonly name: string;
  /** Fields that it reads. */
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
