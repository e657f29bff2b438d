import {
  plainOperations,
  type Objective,
  type ObjectiveField,
  type ObjectiveInputs,
  type PlainTensor,
  type Segments,
} from "@turnwise/core";

/**
 * Inputs of an objective for tests: lists `[response][token]`; all responses have the same length.
 */
export interface CaseInputs {
  readonly newLogProbs: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
  readonly entropies?: readonly (readonly number[])[];
  readonly fields?: Readonly<Partial<Record<ObjectiveField, readonly (readonly number[])[]>>>;
}

/** Flattens ragged lists into inputs of an objective. */
export function plainInputs({
  newLogProbs,
  weights,
  entropies = newLogProbs.map((tokens) => tokens.map(() => 0)),
  fields = {},
}: CaseInputs): ObjectiveInputs<PlainTensor, Segments> {
  const flat = (lists: readonly (readonly number[])[]): PlainTensor =>
    Float64Array.from(lists.flat());
  return {
    newLogProbs: flat(newLogProbs),
    entropies: flat(entropies),
    weights: flat(weights),
    responses: {
      ids: Int32Array.from(newLogProbs.flatMap((tokens, id) => tokens.map(() => id))),
      count: newLogProbs.length,
    },
    fields: Object.fromEntries(Object.entries(fields).map(([name, lists]) => [name, flat(lists)])),
  };
}

/** Evaluates an objective; loss and metrics are plain numbers. */
export function evaluatePlain(
  objective: Objective,
  inputs: CaseInputs,
): { readonly loss: number; readonly metrics: Readonly<Record<string, number>> } {
  const { loss, metrics } = objective.evaluate(plainOperations, plainInputs(inputs));
  return {
    loss: loss[0]!,
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value[0]!])),
  };
}

/**
 * Batch on which verl's own losses were computed: two responses of four tokens, weight 1/8 each.
 */
export const goldenBatch: CaseInputs = {
  newLogProbs: [
    [1.5, 0.5, 1.1, 4].map((ratio) => Math.log(ratio) - 1),
    [0.7, 1.3, 1, 5].map((ratio) => Math.log(ratio) - 2),
  ],
  weights: [Array<number>(4).fill(1 / 8), Array<number>(4).fill(1 / 8)],
  fields: {
    oldLogProbs: [
      [-1, -1, -1, -1],
      [-2, -2, -2, -2],
    ],
    advantages: [
      [1, 1, 1, -1],
      [-1, -1, -1, -1],
    ],
  },
};

/** Lowers all log-probs by 2, which does not change the ratios. */
export function lowerLogProbs({ newLogProbs, fields, ...rest }: CaseInputs): CaseInputs {
  const lower = (lists: readonly (readonly number[])[]): number[][] =>
    lists.map((row) => row.map((logProb) => logProb - 2));
  return {
    ...rest,
    newLogProbs: lower(newLogProbs),
    fields: { ...fields, oldLogProbs: lower(fields?.oldLogProbs ?? []) },
  };
}
