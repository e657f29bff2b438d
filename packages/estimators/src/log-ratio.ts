import type { TensorOperations } from "@turnwise/core";
import { clamp, type VisibleInputs } from "./objective-inputs.ts";

/**
 * Over what a ratio of new to old probability is taken.
 *
 * - `"token"`: each token its own, `exp(new - old)` (PPO, GRPO, DAPO).
 * - `"response"`: the geometric mean over the response's tokens, shared by them (GSPO).
 * - `"response-token"`: the same value, but each token carries the gradient of its own log-prob
 *   only, so that tokens may have advantages of their own (gspo-token).
 */
export type RatioLevel = "token" | "response" | "response-token";

/** Limits of a log-ratio before it is exponentiated; `exp(20)` is near 5e8. */
export type LogRatioLimits = readonly [low: number, high: number];

/**
 * The limits of every surrogate unless it says otherwise.
 * @see verl, whose surrogates limit to the same
 */
export const defaultLogRatioLimits: LogRatioLimits = [-20, 20];

/** @throws `RangeError` unless the limits are around 0. */
export function checkLogRatioLimits(where: string, [low, high]: LogRatioLimits): void {
  if (!(low <= 0 && high >= 0)) {
    throw new RangeError(
      `${where}: logRatioLimits must be a range around 0, got [${low}, ${high}]`,
    );
  }
}

/**
 * `new - old`, at a level and within limits, `[token]`. Tokens of weight 0 do not count in a
 * response's mean.
 */
export function logRatio<T, S>(
  operations: TensorOperations<T, S>,
  { newLogProbs, field, weights, responses }: VisibleInputs<T, S>,
  level: RatioLevel,
  [low, high]: LogRatioLimits,
): T {
  const difference = operations.subtract(newLogProbs, field("oldLogProbs"));
  if (level === "token") return clamp(operations, difference, low, high);
  const mean = responseMean(operations, difference, weights, responses);
  if (level === "response") return clamp(operations, mean, low, high);
  const carrier = operations.subtract(newLogProbs, operations.stopGradient(newLogProbs));
  return clamp(operations, operations.add(operations.stopGradient(mean), carrier), low, high);
}

/** The mean over the counted tokens of each token's response, `[token]`. */
export function responseMean<T, S>(
  operations: TensorOperations<T, S>,
  values: T,
  weights: T,
  responses: S,
): T {
  const counts = operations.segmentSum(operations.where(weights, 1, 0), responses);
  const sums = operations.segmentSum(operations.where(weights, values, 0), responses);
  // A response without counted tokens has a sum of 0; any divisor will do.
  return operations.segmentGather(
    operations.divide(sums, operations.maximum(counts, 1)),
    responses,
  );
}
