/** Group that may be computed later. */
export interface Delayable {
  /** Groups whose results it reads. */
  readonly dependencies: readonly Delayable[];
  /** Intermediate values that it reads, with their approximate sizes. */
  readonly reads: ReadonlyMap<number, number>;
  /** Approximate size of its results; negative if it must not be delayed. */
  readonly resultSize: number;
}

/** Groups with a nearer reader are not moved. */
const minDelay = 16;

/**
 * Moves groups whose results are needed much later right before their first reader if that reduces
 * memory: rematerialized values, which are computed twice to avoid keeping them, must not be
 * computed too early.
 *
 * @param groups - In a valid order of execution.
 * @returns Another valid order.
 */
export function delayGroups<Group extends Delayable>(groups: readonly Group[]): Group[] {
  /** Sort key of each group: whole numbers for those that stay. */
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
