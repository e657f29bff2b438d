import { checkInteger, checkPositive, checkSameLength, sum } from "@turnwise/core";

/**
 * How token losses become one loss. A sequence is what a framework holds as one row: one response
 * (turn-wise) or one trajectory (concatenated).
 *
 * - `"token-mean"`: mean over all tokens of the batch (DAPO).
 * - `"seq-mean-token-sum"`: mean over sequences of their sums (GRPO++).
 * - `"seq-mean-token-mean"`: mean over sequences of their means (GRPO, GSPO).
 * - `"seq-mean-token-sum-norm"`: as the second, over a constant length (Dr. GRPO).
 * - `"prompt-mean"`: mean over groups of the mean over a group's tokens (SkyRL).
 */
export type Aggregation =
  | "token-mean"
  | "seq-mean-token-sum"
  | "seq-mean-token-mean"
  | "seq-mean-token-sum-norm"
  | "prompt-mean";

/** Options of {@link aggregationWeights}. */
export interface AggregationOptions {
  /** The constant of `"seq-mean-token-sum-norm"`, usually the longest allowed response, `> 0`. */
  readonly maxLength?: number;
  /** The group of each sequence, `[sequence]`, for `"prompt-mean"`. */
  readonly groups?: readonly (number | string)[];
  /**
   * Whether a sequence without tokens counts in the mean over sequences. Default `"leave-out"` (verl).
   */
  readonly emptySequences?: "leave-out" | "count";
}

/**
 * The share of each token in the loss, so that `loss = sum(weights * tokenLoss)`. All tokens of a
 * sequence share alike, so there is one number for each sequence.
 *
 * Taken over a whole batch (or minibatch) and then cut into microbatches, the losses of the parts
 * add up to the loss of the whole, whatever the cut.
 *
 * @param lengths - Tokens of each sequence that count (response tokens under the mask), `>= 0`, `[sequence]`.
 * @returns The weight of each token of a sequence, `[sequence]`; 0 for a sequence without tokens.
 * @throws `RangeError` if a length is not a whole number `>= 0`; `TypeError` if the mode's option is missing.
 *
 * @example
 * aggregationWeights("seq-mean-token-mean", [2, 4]); // [0.25, 0.125]
 */
export function aggregationWeights(
  mode: Aggregation,
  lengths: readonly number[],
  { maxLength, groups, emptySequences = "leave-out" }: AggregationOptions = {},
): number[] {
  checkInteger("aggregationWeights", { lengths }, { min: 0 });
  const counted = lengths.filter((length) => emptySequences === "count" || length > 0);
  const numSequences = counted.length;
  const numTokens = sum(counted);

  let divisors: readonly number[];
  if (mode === "prompt-mean") {
    divisors = promptDivisors(lengths, required(mode, "groups", groups), emptySequences);
  } else if (mode === "seq-mean-token-sum-norm") {
    const divisor = required(mode, "maxLength", maxLength);
    checkPositive("aggregationWeights", { maxLength: divisor });
    divisors = lengths.map(() => numSequences * divisor);
  } else if (mode === "seq-mean-token-mean") {
    divisors = lengths.map((length) => numSequences * length);
  } else {
    divisors = lengths.map(() => (mode === "token-mean" ? numTokens : numSequences));
  }
  return lengths.map((length, index) => (length === 0 ? 0 : 1 / divisors[index]!));
}

/** Number of groups times the tokens of the sequence's group, `[sequence]`. */
function promptDivisors(
  lengths: readonly number[],
  groups: readonly (number | string)[],
  emptySequences: "leave-out" | "count",
): number[] {
  checkSameLength("aggregationWeights", { lengths, groups });
  const tokens = new Map<number | string, number>();
  lengths.forEach((length, index) => {
    if (length === 0 && emptySequences === "leave-out") return;
    tokens.set(groups[index]!, (tokens.get(groups[index]!) ?? 0) + length);
  });
  return groups.map((group) => tokens.size * (tokens.get(group) ?? 0));
}

function required<T>(mode: Aggregation, name: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new TypeError(`aggregationWeights: ${name} must be given with "${mode}", got undefined`);
}
