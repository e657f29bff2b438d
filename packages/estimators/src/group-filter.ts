import { checkFinite } from "@turnwise/core";

/** Options of {@link hasLearningSignal}. */
export interface GroupFilterOptions {
  /** Treatment of a group with one trajectory, which has no siblings. Default `"keep"` (DAPO in verl). */
  readonly singleton?: "keep" | "drop";
}

/**
 * True if a group carries a learning signal: its returns are not all equal. Groups with equal
 * returns have advantages of 0; DAPO drops them before the update.
 *
 * @param returns - Returns of the group (or scores: any measure that distinguishes members),
 *   `[trajectory]`.
 * @returns `false` for an empty group.
 * @throws `RangeError` if a return is not finite.
 * @see arXiv:2503.14476
 */
export function hasLearningSignal(
  returns: readonly number[],
  { singleton = "keep" }: GroupFilterOptions = {},
): boolean {
  checkFinite("hasLearningSignal", { returns });
  if (returns.length === 1) return singleton === "keep";
  return returns.some((value) => value !== returns[0]);
}
