import type { Objective, ObjectiveInputs, PlainTensor, Segments } from "@turnwise/core";

/**
 * Computes the value of an objective and its gradient with respect to each token's log-prob; like
 * `linearize` of `@turnwise/estimators`, which this package does not import.
 */
export type Linearizer = (
  objective: Objective,
  inputs: ObjectiveInputs<PlainTensor, Segments>,
) => {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly newLogProbs: PlainTensor;
  readonly entropies: PlainTensor;
};
