import type { ObjectiveField, ObjectiveInputs, PlainTensor, Segments } from "@turnwise/core";
import type { Arbitrary } from "fast-check";
import { fc } from "./fast-check.ts";

/**
 * Returns as in typical tasks: many ties and some penalties. All are multiples of 1/8, so that
 * adding a constant is exact.
 */
export const returnArbitrary: Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 10),
  fc.integer({ min: -8000, max: 8000 }).map((eighths) => eighths / 8),
);

/** Returns `[group][trajectory]` with at least one group of at least two trajectories. */
export const groupsArbitrary: Arbitrary<number[][]> = fc.array(
  fc.array(returnArbitrary, { minLength: 2, maxLength: 9 }),
  { minLength: 1, maxLength: 4 },
);

/** Batch of responses as lists, `[response][token]`. */
export interface TokenBatch {
  readonly newLogProbs: readonly (readonly number[])[];
  readonly entropies: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
  readonly fields: Readonly<Record<ObjectiveField, readonly (readonly number[])[]>>;
}

/** Random values of one token. */
interface Token {
  readonly newLogProb: number;
  readonly entropy: number;
  readonly weight: number;
  readonly fields: Readonly<Record<ObjectiveField, number>>;
}

function number(min: number, max: number): Arbitrary<number> {
  return fc.double({ min, max, noNaN: true });
}

/** Options of {@link tokenBatchArbitrary}. */
export interface TokenBatchOptions {
  /**
   * Maximum difference between new and old log-probs, nats. Default 2; 0 gives on-policy batches.
   */
  readonly maxLogRatio?: number;
  /**
   * `"free"`: every token has its own advantage and weight, and some weights are 0. `"shared"`: all
   * tokens of a response have the same advantage and weight.
   */
  readonly credit?: "free" | "shared";
}

/** Batches of one to five responses with one to six tokens; every field is present. */
export function tokenBatchArbitrary({
  maxLogRatio = 2,
  credit = "free",
}: TokenBatchOptions = {}): Arbitrary<TokenBatch> {
  const positiveWeight = number(0.01, 1);
  const token = fc.record<Token>({
    newLogProb: number(-6, 0),
    entropy: number(0, 8),
    weight:
      credit === "free" ? fc.oneof(positiveWeight, positiveWeight, fc.constant(0)) : positiveWeight,
    fields: fc.record<Record<ObjectiveField, number>>({
      // Difference from `newLogProb`; converted to a log-prob when the batch is assembled.
      oldLogProbs: maxLogRatio === 0 ? fc.constant(0) : number(-maxLogRatio, maxLogRatio),
      advantages: fc.oneof(number(-5, 5), fc.constantFrom(-1, 0, 1)),
      referenceLogProbs: number(-6, 0),
      samplerLogProbs: number(-6, 0),
      values: number(-5, 5),
      oldValues: number(-5, 5),
      returns: number(-5, 5),
    }),
  });
  const response = fc.array(token, { minLength: 1, maxLength: 6 });
  return fc.array(response, { minLength: 1, maxLength: 5 }).map((responses) => {
    const lists = (pick: (token: Token, first: Token) => number): number[][] =>
      responses.map((tokens) => tokens.map((token) => pick(token, tokens[0]!)));
    const field = (name: ObjectiveField): number[][] => lists(({ fields }) => fields[name]);
    return {
      newLogProbs: lists(({ newLogProb }) => newLogProb),
      entropies: lists(({ entropy }) => entropy),
      weights: lists(({ weight }, first) => (credit === "shared" ? first.weight : weight)),
      fields: {
        oldLogProbs: lists(({ newLogProb, fields }) =>
          Math.min(0, newLogProb + fields.oldLogProbs),
        ),
        advantages: lists(({ fields }, first) =>
          credit === "shared" ? first.fields.advantages : fields.advantages,
        ),
        referenceLogProbs: field("referenceLogProbs"),
        samplerLogProbs: field("samplerLogProbs"),
        values: field("values"),
        oldValues: field("oldValues"),
        returns: field("returns"),
      },
    };
  });
}

/**
 * Flattens a batch into inputs of an objective; if `needs` is given, only these fields are
 * included.
 */
export function flatInputs(
  batch: TokenBatch,
  needs?: readonly ObjectiveField[],
): ObjectiveInputs<PlainTensor, Segments> {
  const flat = (lists: readonly (readonly number[])[]): PlainTensor =>
    Float64Array.from(lists.flat());
  const fields: Partial<Record<ObjectiveField, PlainTensor>> = {};
  const all: readonly ObjectiveField[] = [
    "oldLogProbs",
    "advantages",
    "referenceLogProbs",
    "samplerLogProbs",
    "values",
    "oldValues",
    "returns",
  ];
  for (const name of needs ?? all) fields[name] = flat(batch.fields[name]);
  return {
    newLogProbs: flat(batch.newLogProbs),
    entropies: flat(batch.entropies),
    weights: flat(batch.weights),
    responses: {
      ids: Int32Array.from(batch.newLogProbs.flatMap((tokens, id) => tokens.map(() => id))),
      count: batch.newLogProbs.length,
    },
    fields,
  };
}

/** Applies the same function, such as a permutation of responses, to every list of a batch. */
export function mapLists(
  batch: TokenBatch,
  change: (lists: readonly (readonly number[])[], name: string) => readonly (readonly number[])[],
): TokenBatch {
  const { newLogProbs, entropies, weights, fields } = batch;
  return {
    newLogProbs: change(newLogProbs, "newLogProbs"),
    entropies: change(entropies, "entropies"),
    weights: change(weights, "weights"),
    fields: {
      oldLogProbs: change(fields.oldLogProbs, "oldLogProbs"),
      advantages: change(fields.advantages, "advantages"),
      referenceLogProbs: change(fields.referenceLogProbs, "referenceLogProbs"),
      samplerLogProbs: change(fields.samplerLogProbs, "samplerLogProbs"),
      values: change(fields.values, "values"),
      oldValues: change(fields.oldValues, "oldValues"),
      returns: change(fields.returns, "returns"),
    },
  };
}
