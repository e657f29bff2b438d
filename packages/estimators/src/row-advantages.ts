import { trajectoryReturn, type Group } from "@turnwise/core";
import { groupAdvantages, type GroupAdvantageChoices } from "./group-advantages.ts";

/**
 * Scores that {@link rowAdvantages} compares, for each response of a group, `[trajectory][turn]`.
 */
export function rowScores({ trajectories }: Group): number[][] {
  return trajectories.map((trajectory) => {
    const shared = trajectoryReturn(trajectory);
    return trajectory.turns.map(({ penalty = 0 }) => shared - penalty);
  });
}

/**
 * Computes one advantage per response, where each response is a separate member of its group: its
 * score is the return of its trajectory minus its own penalty. Siblings thus share the
 * environment's reward, and each response pays for its own format errors. Long trajectories have
 * more members, so they weigh more in means and standard deviations.
 *
 * This is how verl-agent applies GRPO to its step rows; without penalties it equals
 * `responseAdvantages` with `statisticsOver: "responses"`.
 *
 * @param groups - All groups of the batch, because baseline or scale may be computed over the
 *   batch.
 * @param options - Options of {@link groupAdvantages}, whose members are responses here;
 *   `statisticsOver` is ignored, because each response counts once.
 * @returns Advantages, `[group][trajectory][turn]`; all 0 in a group whose scores are equal.
 * @throws `RangeError` if a return or penalty is not finite.
 */
export function rowAdvantages(
  groups: readonly Group[],
  options: GroupAdvantageChoices = {},
): number[][][] {
  const advantages = groupAdvantages(
    groups.map((group) => rowScores(group).flat()),
    { ...options, statisticsOver: "trajectories" },
  );
  return groups.map(({ trajectories }, groupIndex) => {
    let next = 0;
    return trajectories.map(({ turns }) => turns.map(() => advantages[groupIndex]![next++]!));
  });
}
