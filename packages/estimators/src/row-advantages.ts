import { trajectoryReturn, type Group } from "@turnwise/core";
import { groupAdvantages, type GroupAdvantageChoices } from "./group-advantages.ts";

/** The scores that {@link rowAdvantages} compares: of each response of a group, `[trajectory][turn]`. */
export function rowScores({ trajectories }: Group): number[][] {
  return trajectories.map((trajectory) => {
    const shared = trajectoryReturn(trajectory);
    return trajectory.turns.map(({ penalty = 0 }) => shared - penalty);
  });
}

/**
 * One advantage for each response, where each response is a member of its group by itself: its score
 * is the return of its trajectory less its own penalty. So siblings share what the environment paid,
 * and each response answers for its own form. Long trajectories have more members, hence weigh more
 * in means and deviations.
 *
 * This is how verl-agent's step rows meet GRPO; with no penalties it equals `responseAdvantages`
 * with `statisticsOver: "responses"`.
 *
 * @param groups - All groups of the batch: a baseline or scale may run over it.
 * @param options - Of {@link groupAdvantages}, whose members here are responses; `statisticsOver` is
 *   not read, since each response counts once.
 * @returns `[group][trajectory][turn]`; 0 throughout a group whose scores are all equal.
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
