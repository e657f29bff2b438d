import type { TensorOperations } from "@turnwise/core";
import { clamp, type MaskedInputs } from "./objective-inputs.ts";

/**
 * Level of the ratio of new to old probability.
 *
 * - `"token"`: one ratio per token, `exp(new - old)` (PPO, GRPO, DAPO).
 * - `"response"`: the geometric mean over the response's tokens, used for all of them (GSPO).
 * - `"response-token"`: the same value, but each token carries only the gradient of its own
 *   log-prob, so that tokens may have different advantages (gspo-token).
 */
export type RatioLevel = "token" | "response" | "response-token";

/** Limits of a log-ratio before exponentiation; `exp(20)` is about 5e8. */
export type LogRatioLimits = readonly [low: number, high: number];

/**
 * Default limits of every surrogate.
 * @see verl, whose surrogates have the same limits
 */
export const defaultLogRatioLimits: LogRatioLimits = [-20, 20];

/** Checks limits of a log-ratio. @throws `RangeError` unless they include 0. */
export function checkLogRatioLimits(where: string, [low, high]: LogRatioLimits): void {
  if (!(low <= 0 && high >= 0)) {
    throw new RangeError(
      `${where}: logRatioLimits must be a range around 0, got [${low}, ${high}]`,
    );
  }
}

/**
 * Computes the log-ratio `new - old` at the given level, clamped to the limits, `[token]`. Tokens
 * of weight 0 are excluded from a response's mean.
 */
export function logRatio<T, S>(
  operations: TensorOperations<T, S>,
  { newLogProbs, field, weights, responses }: MaskedInputs<T, S>,
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

/** Mean over the counted tokens of the response, for each token, `[token]`. */
export function responseMean<T, S>(
  operations: TensorOperations<T, S>,
  values: T,
  weights: T,
  responses: S,
): T {
  const counts = operations.segmentSum(operations.where(weights, 1, 0), responses);
  const sums = operations.segmentSum(operations.where(weights, values, 0), responses);
  // A response without counted tokens has a sum of 0, so the divisor does not matter.
  return operations.segmentGather(
    operations.divide(sums, operations.maximum(counts, 1)),
    responses,
  );
}
