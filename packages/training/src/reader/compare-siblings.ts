import type { RecordedTrajectory } from "../records/recorded-trajectory.ts";

/** Turns that a trajectory has in common with an earlier sibling, from the start. */
export interface SharedTurns {
  /** Index of that sibling; `undefined` for the first trajectory. */
  readonly with: number | undefined;
  /** Number of common turns, with equal actions and observations. */
  readonly turns: number;
}

/** Comparison of the trajectories of a group. */
export interface SiblingComparison {
  /**
   * First turn in which the siblings differ, or in which some have already ended; `undefined` if
   * all are equal.
   */
  readonly divergence: number | undefined;
  /** For each trajectory, the earlier sibling with the longest common start, `[trajectory]`. */
  readonly shared: readonly SharedTurns[];
}

/**
 * Finds where the trajectories of a group diverge: turns are equal if their actions and
 * observations are equal.
 */
export function compareSiblings(siblings: readonly RecordedTrajectory[]): SiblingComparison {
  const shared = siblings.map((one, i): SharedTurns => {
    let best: SharedTurns = { with: i === 0 ? undefined : 0, turns: 0 };
    for (let j = 0; j < i; j++) {
      const turns = countShared(one, siblings[j]!);
      if (turns > best.turns) best = { with: j, turns };
    }
    return best;
  });
  const [first, ...others] = siblings;
  if (first === undefined) return { divergence: undefined, shared };
  const common = Math.min(...others.map((other) => countShared(first, other)), first.turns.length);
  const areEqual = siblings.every(({ turns }) => turns.length === common);
  return { divergence: areEqual ? undefined : common, shared };
}

function countShared(a: RecordedTrajectory, b: RecordedTrajectory): number {
  let count = 0;
  while (isSameTurn(a, b, count)) count += 1;
  return count;
}

function isSameTurn(a: RecordedTrajectory, b: RecordedTrajectory, turn: number): boolean {
  const [x, y] = [a.turns[turn], b.turns[turn]];
  return (
    x !== undefined && y !== undefined && x.action === y.action && x.observation === y.observation
  );
}
