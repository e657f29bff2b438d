import type { Outcome } from "@turnwise/core";
import { checkSameLength } from "@turnwise/core";
import { groupAdvantages, type GroupAdvantageOptions } from "./group-advantages.ts";
import type { Ragged } from "./check-ragged.ts";

/**
 * Whether a trajectory was cut short by a limit of ours, or failed: what compact filtering keeps out
 * of the loss. Such an ending says little about the responses before it.
 * @see the DeepSWE recipe (GRPO++)
 */
export function isCutShort(outcome: Outcome): boolean {
  return outcome.kind !== "terminated";
}

/**
 * Advantages where some trajectories are kept out of the loss: theirs are 0.
 *
 * @param returns - `[group][trajectory]`.
 * @param isFiltered - Which are kept out, same shape.
 * @param filteredReturns - Whether their returns still count in the baseline and scale of their
 *   siblings (`"count"`), or the group is as if they had not been drawn (`"leave-out"`).
 * @param options - Of {@link groupAdvantages}.
 * @returns `[group][trajectory]`.
 * @throws As {@link groupAdvantages}, and `RangeError` if the shapes differ.
 */
export function filteredAdvantages(
  returns: Ragged,
  isFiltered: readonly (readonly boolean[])[],
  filteredReturns: "count" | "leave-out",
  options: GroupAdvantageOptions = {},
): number[][] {
  checkSameLength("filteredAdvantages", { returns, isFiltered });
  returns.forEach((group, index) => {
    checkSameLength("filteredAdvantages", {
      [`returns[${index}]`]: group,
      [`isFiltered[${index}]`]: isFiltered[index]!,
    });
  });
  const kept = <T>(lists: readonly (readonly T[])[]): T[][] =>
    lists.map((list, group) =>
      list.filter((_, index) => filteredReturns === "count" || !isFiltered[group]![index]),
    );
  const { numResponses, numTokens } = options;
  const advantages = groupAdvantages(kept(returns), {
    ...options,
    ...(numResponses && { numResponses: kept(numResponses) }),
    ...(numTokens && { numTokens: kept(numTokens) }),
  });
  return isFiltered.map((group, groupIndex) => {
    let next = 0;
    return group.map((isOut) => {
      if (isOut && filteredReturns === "leave-out") return 0;
      const advantage = advantages[groupIndex]![next++]!;
      return isOut ? 0 : advantage;
    });
  });
}
