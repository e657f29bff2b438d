import { formatCount, isSuccess, type Trajectory } from "@turnwise/core";
import type { CreditedGroups } from "../records/record-trajectories.ts";
import { nameOutcome } from "../records/summarize-trajectory.ts";
import type { NotableTrajectory } from "./run-note.ts";

/** Maximum number of actions that are shown. */
const numActions = 12;

/** Chooses the notable trajectory of each iteration. */
export interface NotablePicker {
  /** @returns `undefined` if no trajectory is notable. */
  pick(iteration: number, records: CreditedGroups): NotableTrajectory | undefined;
}

/**
 * Creates a picker. It picks the first success of a kind of task; otherwise, if coefficients
 * differ, the trajectory with the largest coefficient of the iteration.
 * @param hasHistory - True for a resumed run, in which the first successes may be in earlier
 * iterations.
 */
export function createNotablePicker(hasHistory: boolean): NotablePicker {
  const solvedKinds = new Set<string>();
  return {
    pick: (iteration, { groups, kept, credited }) => {
      const describe = (reason: string, trajectory: Trajectory): NotableTrajectory => ({
        reason,
        iteration,
        group: groups.findIndex(({ id }) => id === trajectory.groupId),
        trajectory: trajectory.trajectoryIndex,
        taskId: trajectory.taskId,
        outcome: `${nameOutcome(trajectory.outcome)} after ${formatCount(trajectory.turns.length, "turn")}`,
        actions: trajectory.turns.slice(0, numActions).map(({ action }) => action),
      });
      let first: Trajectory | undefined;
      for (const trajectory of groups.flatMap(({ trajectories }) => trajectories)) {
        if (!isSuccess(trajectory) || solvedKinds.has(trajectory.taskKind)) continue;
        solvedKinds.add(trajectory.taskKind);
        first ??= trajectory;
      }
      if (first !== undefined && !hasHistory) {
        return describe(`first success in ${first.taskKind}`, first);
      }
      let largest = 1;
      let best: { readonly trajectory: Trajectory; readonly turn: number } | undefined;
      for (const { groupIndex, trajectoryIndex, responses } of credited) {
        for (const { coefficient, turnIndex } of responses) {
          if (coefficient <= largest) continue;
          largest = coefficient;
          const trajectory = kept[groupIndex]!.trajectories[trajectoryIndex]!;
          best = { trajectory, turn: turnIndex };
        }
      }
      if (best === undefined) return undefined;
      const reason = `largest coefficient ${largest.toFixed(2)} in turn ${best.turn}`;
      return describe(reason, best.trajectory);
    },
  };
}
