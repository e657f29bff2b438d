import { checkInteger } from "@turnwise/core";

/** Options of {@link overlongPenalty}. */
export interface OverlongPenaltyOptions {
  /** Length at which the penalty reaches its full value of -1, tokens, `>= 1`. */
  readonly maxLength: number;
  /**
   * Number of tokens before `maxLength` over which the penalty grows from 0 to -1, in
   * `[1, maxLength]`.
   */
  readonly buffer: number;
  /**
   * Penalty beyond `maxLength`: `"open"` extrapolates linearly (verl, AReaL); `"floor"` stays at -1
   * (TRL and the paper). Default `"open"`.
   */
  readonly beyond?: "open" | "floor";
}

/**
 * Computes DAPO's soft penalty on long responses, which is added to the reward: 0 while
 * `length <= maxLength - buffer`, then `(maxLength - buffer - length) / buffer`.
 *
 * @param length - Response tokens, `>= 0`.
 * @throws `RangeError` if the length or an option is out of range.
 * @see arXiv:2503.14476
 */
export function overlongPenalty(
  length: number,
  { maxLength, buffer, beyond = "open" }: OverlongPenaltyOptions,
): number {
  checkInteger("overlongPenalty", { length }, { min: 0 });
  checkInteger("overlongPenalty", { maxLength }, { min: 1 });
  checkInteger("overlongPenalty", { buffer }, { min: 1, max: maxLength });
  const free = maxLength - buffer;
  if (length <= free) return 0;
  const penalty = (free - length) / buffer;
  return beyond === "floor" ? Math.max(-1, penalty) : penalty;
}
