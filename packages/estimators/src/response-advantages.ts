import { trajectoryReturn, type Group } from "@turnwise/core";
import { groupAdvantages, type GroupAdvantageChoices } from "./group-advantages.ts";

/**
 * Computes the advantage of each response, which is the advantage of its trajectory; see {@link
 * groupAdvantages}. The return of a trajectory is the undiscounted sum of its rewards.
 *
 * @param groups - All groups of the batch, because baseline or scale may be computed over the
 *   batch.
 * @param options - Options; `numResponses` and `numTokens` are counted from the groups.
 * @returns `[group][trajectory][turn]`.
 * @throws Errors of {@link groupAdvantages}.
 */
export function responseAdvantages(
  groups: readonly Group[],
  options: GroupAdvantageChoices = {},
): number[][][] {
  const turns = groups.map((group) => group.trajectories.map(({ turns }) => turns.length));
  const advantages = groupAdvantages(
    groups.map((group) => group.trajectories.map(trajectoryReturn)),
    { ...options, numResponses: turns, numTokens: countResponseTokens(groups) },
  );
  return advantages.map((group, groupIndex) =>
    group.map((advantage, index) => Array<number>(turns[groupIndex]![index]!).fill(advantage)),
  );
}

/** Number of response tokens of each trajectory, `[group][trajectory]`. */
export function countResponseTokens(groups: readonly Group[]): number[][] {
  return groups.map(({ trajectories }) =>
    trajectories.map(({ turns }) =>
      turns.reduce((total, { responseTokens }) => total + responseTokens.length, 0),
    ),
  );
}
