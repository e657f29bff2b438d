import type { Trajectory } from "@turnwise/core";
import { shareCredit, type AdvantageEstimator } from "@turnwise/estimators";
import { definePart } from "@turnwise/training";

/**
 * Computes each return minus the median of its group, times a scale. An outlier does not move the baseline.
 * @param returns - `[group][trajectory]`.
 * @returns Advantages, `[group][trajectory]`.
 */
export function medianAdvantages(returns: readonly (readonly number[])[], scale = 1): number[][] {
  return returns.map((group) => {
    const baseline = median(group);
    return group.map((value) => (value - baseline) * scale);
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle]!;
  const [low, high] = [sorted[middle - 1]!, sorted[middle]!];
  return low + (high - low) / 2;
}

/** Sums the rewards, minus the penalties of malformed responses. */
function computeReturn({ turns }: Trajectory): number {
  return turns.reduce((sum, { reward, penalty = 0 }) => sum + reward - penalty, 0);
}

/** The estimator as a part: `--set algorithm.advantages.options.scale=2` changes its option. */
export const estimator = definePart({
  name: "my-estimator",
  options: { scale: 1 },
  create: ({ scale }): AdvantageEstimator => ({
    name: "my-estimator",
    estimate: ({ groups, rows }) => {
      const returns = groups.map(({ trajectories }) => trajectories.map(computeReturn));
      const advantages = medianAdvantages(returns, scale);
      // All turns of a trajectory share its advantage.
      const perTurn = groups.map(({ trajectories }, group) =>
        trajectories.map(({ turns }, index) => turns.map(() => advantages[group]![index]!)),
      );
      return shareCredit(rows, perTurn);
    },
  }),
});
