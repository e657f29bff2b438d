import { trajectoryReturn, type Group, type Trajectory, type Turn } from "@turnwise/core";
import { overlongPenalty } from "../overlong-penalty.ts";
import type { ResolvedAlgorithm } from "./algorithm.ts";

/** Adds penalties `[turn]` to the turns of a trajectory. */
function addPenalties(trajectory: Trajectory, extra: readonly number[]): Trajectory {
  return {
    ...trajectory,
    turns: trajectory.turns.map((turn, index) => ({
      ...turn,
      penalty: (turn.penalty ?? 0) + extra[index]!,
    })),
  };
}

/**
 * Applies the penalty of an overlong rule to the long responses of a group. If the rule limits
 * trajectories, it applies to a trajectory's last response.
 */
export function chargeOverlong(
  group: Group,
  rule: ResolvedAlgorithm["truncation"]["overlong"],
): Group {
  if (rule.kind === "none") return group;
  const computePenalty = (length: number): number => 0 - overlongPenalty(length, rule);
  const trajectories = group.trajectories.map((trajectory) => {
    const lengths = trajectory.turns.map(({ responseTokens }) => responseTokens.length);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const extra = lengths.map((length, index) => {
      if (rule.of === "response") return computePenalty(length);
      return index === lengths.length - 1 ? computePenalty(total) : 0;
    });
    return addPenalties(trajectory, extra);
  });
  return { ...group, trajectories };
}

/**
 * Adds a penalty to each response of all groups.
 * @param charges - Penalties, `[group][trajectory][turn]`.
 */
export function chargeResponses(
  groups: readonly Group[],
  charges: readonly (readonly (readonly number[])[])[],
): Group[] {
  return groups.map((group, groupIndex) => ({
    ...group,
    trajectories: group.trajectories.map((trajectory, index) =>
      addPenalties(trajectory, charges[groupIndex]![index]!),
    ),
  }));
}

/** Reward of a turn minus its penalty. */
export function subtractPenalty({ reward, penalty = 0 }: Turn): number {
  return reward - penalty;
}

/** Subtracts the penalties of a group's turns from their rewards. */
export function applyPenalties(group: Group): Group {
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
export function computePenalizedReturns(group: Group): number[] {
  return applyPenalties(group).trajectories.map(trajectoryReturn);
}
