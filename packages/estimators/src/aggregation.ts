import { checkInteger, checkPositive, checkSameLength, sum } from "@turnwise/core";

/**
 * Aggregation of token losses into one loss. A sequence is one row of the framework: one response
 * (turn-wise) or one trajectory (concatenated).
 *
 * - `"token-mean"`: mean over all tokens of the batch (DAPO).
 * - `"seq-mean-token-sum"`: mean over sequences of each sequence's token sum (GRPO++).
 * - `"seq-mean-token-mean"`: mean over sequences of each sequence's token mean (GRPO, GSPO).
 * - `"seq-mean-token-sum-norm"`: like `"seq-mean-token-sum"`, divided by a constant length (Dr.
 * GRPO).
 * - `"prompt-mean"`: mean over groups of each group's token mean (SkyRL).
 */
export type Aggregation =
  | "token-mean"
  | "seq-mean-token-sum"
  | "seq-mean-token-mean"
  | "seq-mean-token-sum-norm"
  | "prompt-mean";

/** Options of {@link aggregationWeights}. */
export interface AggregationOptions {
  /**
   * Constant length for `"seq-mean-token-sum-norm"`, usually the maximum response length, `> 0`.
   */
  readonly maxLength?: number;
  /** Group of each sequence, `[sequence]`, for `"prompt-mean"`. */
  readonly groups?: readonly (number | string)[];
  /**
   * Treatment of a sequence without tokens in the mean over sequences: left out, or counted as a
   * loss of 0. Default `"leave-out"` (verl).
   */
  readonly emptySequences?: "leave-out" | "count";
}

/**
 * Computes the weight of each token in the loss, so that `loss = sum(weights * tokenLoss)`. All
 * tokens of a sequence have the same weight, so there is one number per sequence.
 *
 * If the weights are computed over a whole batch (or minibatch), the losses of its microbatches add
 * up to the loss of the batch, however it is split.
 *
 * @param lengths - Number of counted tokens of each sequence (response tokens under the mask),
 *   `>= 0`, `[sequence]`.
 * @returns Weight of each token of a sequence, `[sequence]`; 0 for a sequence without tokens.
 * @throws `RangeError` if a length is not a whole number `>= 0`; `TypeError` if the mode's option
 *   is missing.
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
    divisors = computePromptDivisors(
      lengths,
      requireOption(mode, "groups", groups),
      emptySequences,
    );
  } else if (mode === "seq-mean-token-sum-norm") {
    const divisor = requireOption(mode, "maxLength", maxLength);
    checkPositive("aggregationWeights", { maxLength: divisor });
    divisors = lengths.map(() => numSequences * divisor);
  } else if (mode === "seq-mean-token-mean") {
    divisors = lengths.map((length) => numSequences * length);
  } else {
    divisors = lengths.map(() => (mode === "token-mean" ? numTokens : numSequences));
  }
  return lengths.map((length, index) => (length === 0 ? 0 : 1 / divisors[index]!));
}

/** Number of groups times the number of tokens in the sequence's group, `[sequence]`. */
function computePromptDivisors(
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

function requireOption<T>(mode: Aggregation, name: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new TypeError(`aggregationWeights: ${name} must be given with "${mode}", got undefined`);
}
