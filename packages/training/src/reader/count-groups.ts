/** Counts of the groups of a segment by outcome. */
export interface GroupCounts {
  readonly numGroups: number;
  /** Number of groups with all, none and some of their trajectories solved. */
  readonly allSolved: number;
  readonly noneSolved: number;
  readonly mixed: number;
  /** Number of groups whose returns are all equal; these carry no learning signal. */
  readonly flat: number;
}

/**
 * Counts the groups of a segment.
 * @param columns - Columns of its index, `[trajectory]`; trajectories of a group need not be adjacent.
 */
export function countGroups(columns: {
  readonly group: ArrayLike<number>;
  readonly success: ArrayLike<number>;
  readonly return: ArrayLike<number>;
}): GroupCounts {
  interface Seen {
    size: number;
    solved: number;
    readonly first: number;
    isFlat: boolean;
  }
  const groups = new Map<number, Seen>();
  for (let row = 0; row < columns.group.length; row++) {
    const group = columns.group[row]!;
    const value = columns.return[row]!;
    const seen = groups.get(group) ?? { size: 0, solved: 0, first: value, isFlat: true };
    groups.set(group, seen);
    seen.size += 1;
    seen.solved += columns.success[row]!;
    seen.isFlat &&= value === seen.first;
  }
  const all = [...groups.values()];
  const count = (test: (group: Seen) => boolean): number => all.filter(test).length;
  const allSolved = count(({ size, solved }) => solved === size);
  const noneSolved = count(({ solved }) => solved === 0);
  return {
    numGroups: all.length,
    allSolved,
    noneSolved,
    mixed: all.length - allSolved - noneSolved,
    flat: count(({ isFlat }) => isFlat),
  };
}
