import { trajectoryReturn, type Group, type Trajectory, type Turn } from "@turnwise/core";
import { overlongPenalty } from "../overlong-penalty.ts";
import type { ResolvedAlgorithm } from "./algorithm.ts";

/** A trajectory whose turns have extra penalties, `[turn]`. */
function withExtraPenalties(trajectory: Trajectory, extra: readonly number[]): Trajectory {
  return {
    ...trajectory,
    turns: trajectory.turns.map((turn, index) => ({
      ...turn,
      penalty: (turn.penalty ?? 0) + extra[index]!,
    })),
  };
}

/**
 * Groups whose long responses have the penalty of an overlong rule. A penalty on the length of a
 * trajectory is charged to its last response.
 */
export function chargeOverlong(
  group: Group,
  rule: ResolvedAlgorithm["truncation"]["overlong"],
): Group {
  if (rule.kind === "none") return group;
  const penaltyOf = (length: number): number => 0 - overlongPenalty(length, rule);
  const trajectories = group.trajectories.map((trajectory) => {
    const lengths = trajectory.turns.map(({ responseTokens }) => responseTokens.length);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const extra = lengths.map((length, index) => {
      if (rule.of === "response") return penaltyOf(length);
      return index === lengths.length - 1 ? penaltyOf(total) : 0;
    });
    return withExtraPenalties(trajectory, extra);
  });
  return { ...group, trajectories };
}

/**
 * Groups whose responses have an extra penalty each.
 * @param charges - `[group][trajectory][turn]`.
 */
export function chargeResponses(
  groups: readonly Group[],
  charges: readonly (readonly (readonly number[])[])[],
): Group[] {
  return groups.map((group, groupIndex) => ({
    ...group,
    trajectories: group.trajectories.map((trajectory, index) =>
      withExtraPenalties(trajectory, charges[groupIndex]![index]!),
    ),
  }));
}

/** The reward of a turn less its penalty. */
export function penalizedReward({ reward, penalty = 0 }: Turn): number {
  return reward - penalty;
}

/** A group whose penalties are part of its rewards. */
export function withPenalties(group: Group): Group {
  const trajectories = group.trajectories.map((trajectory) => ({
    ...trajectory,
    turns: trajectory.turns.map(({ penalty = 0, ...turn }) => ({
      ...turn,
      reward: turn.reward - penalty,
    })),
  }));
  return { ...group, trajectories };
}

/** Penalized return of each trajectory of a group, `[trajectory]`. */
export function penalizedReturns(group: Group): number[] {
  return withPenalties(group).trajectories.map(trajectoryReturn);
}
