import type { TensorOperations } from "./tensor-operations.ts";

/** The per-token quantities that an objective may read. */
export type ObjectiveField =
  | "oldLogProbs"
  | "advantages"
  | "referenceLogProbs"
  | "samplerLogProbs"
  | "values"
  | "oldValues"
  | "returns";

/**
 * What an objective is computed from, all over the response tokens of a batch, `[token]`.
 * `newLogProbs` and `entropies` (and `values`, with a value head) depend on the weights; all else
 * is constant. Fields that an objective does not ask for are absent.
 */
export interface ObjectiveInputs<T, S> {
  /** Log-probs under the present weights, nats, at most 0. */
  readonly newLogProbs: T;
  /** Full-vocabulary entropies under the present weights, nats, at least 0. */
  readonly entropies: T;
  /**
   * The share of each token in the loss: the aggregation rule and its mask, folded into one number.
   * `loss = sum(weights * tokenLoss)`, so the losses of microbatches add up.
   */
  readonly weights: T;
  /** Which response each token belongs to. */
  readonly responses: S;
  readonly fields: Readonly<Partial<Record<ObjectiveField, T>>>;
}

/** What an objective gives: a scalar to minimise, and scalars to report that also add up. */
export interface ObjectiveResult<T> {
  readonly loss: T;
  /** Each a `sum(weights * quantity)`, so that microbatches add up. */
  readonly metrics: Readonly<Record<string, T>>;
}

/**
 * A loss, written once over {@link TensorOperations}: it runs on plain arrays, is compiled into a
 * training step, and is linearised for remote learners.
 */
export interface Objective {
  /** Fixes the objective with all its options: two objectives of one name are the same function. */
  readonly name: string;
  /** The fields it reads. */
  readonly needs: readonly ObjectiveField[];
  readonly evaluate: <T, S>(
    operations: TensorOperations<T, S>,
    inputs: ObjectiveInputs<T, S>,
  ) => ObjectiveResult<T>;
}

/** The negative log-likelihood of the tokens: `sum(weights * -newLogProbs)`. */
export const crossEntropy: Objective = {
  name: "cross-entropy",
  needs: [],
  evaluate: (operations, { newLogProbs, weights }) => ({
    loss: operations.negate(operations.sum(operations.multiply(weights, newLogProbs))),
    metrics: {},
  }),
};
