/** Group that may be computed later. */
export interface Delayable {
  /** Groups whose results this group reads. */
  readonly dependencies: readonly Delayable[];
  /** Intermediate values that the group reads, with their approximate sizes. */
  readonly reads: ReadonlyMap<number, number>;
  /** Approximate size of the group's results; negative if the group must not be delayed. */
  readonly resultSize: number;
}

/** Minimum distance to the first reader for a group to be moved. */
const minDelay = 16;

/**
 * Moves groups whose results are needed much later to just before their first reader, if that
 * reduces memory. Rematerialized values in particular must not be computed too early.
 *
 * @param groups - In a valid order of execution.
 * @returns Another valid order.
 */
export function delayGroups<Group extends Delayable>(groups: readonly Group[]): Group[] {
  /** Sort key of each group; integers for groups that are not moved. */
  const keys = new Map<Delayable, number>(groups.map((group, i) => [group, i]));
  const firstReader = new Map<Delayable, number>();
  const lastRead = new Map<number, number>();
  for (const group of groups.toReversed()) {
    const position = keys.get(group)!;
    const reader = firstReader.get(group);
    if (reader !== undefined && reader - position > minDelay) {
      let ends = 0;
      for (const [id, size] of group.reads) if ((lastRead.get(id) ?? -1) < reader) ends += size;
      if (group.resultSize >= ends) keys.set(group, reader - 2 ** -20);
    }
    const key = keys.get(group)!;
    for (const id of group.reads.keys()) lastRead.set(id, Math.max(lastRead.get(id) ?? -1, key));
    for (const each of group.dependencies) {
      firstReader.set(each, Math.min(firstReader.get(each) ?? Number.POSITIVE_INFINITY, key));
    }
  }
  return groups.toSorted((a, b) => keys.get(a)! - keys.get(b)!);
}
