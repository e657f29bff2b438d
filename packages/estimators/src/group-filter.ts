import { checkFinite } from "@turnwise/core";

/** Options of {@link hasLearningSignal}. */
export interface GroupFilterOptions {
  /** Whether a group of one is kept, which has nothing to be compared with. Default `"keep"` (DAPO in verl). */
  readonly singleton?: "keep" | "drop";
}

/**
 * Whether a group can teach: its returns are not all equal. Groups without a difference have
 * advantages of 0, and DAPO drops them before the update.
 *
 * @param returns - The group's returns (or scores: any measure that tells members apart), `[trajectory]`.
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
