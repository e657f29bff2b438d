/** What is known of a group that may be computed later. */
export interface Delayable {
  /** Groups whose results it reads. */
  readonly before: readonly Delayable[];
  /** Values that it reads, without those that are there all the time, and their rough sizes. */
  readonly reads: ReadonlyMap<number, number>;
  /** The rough size of its results; less than 0 if it must not be delayed. */
  readonly resultSize: number;
}

/** Nearer ones are left where they are. */
const minDelay = 16;

/**
 * Puts groups whose results are needed much later right before the first that reads them, where that
 * keeps less in memory: what is computed a second time, so as not to be kept, must not be computed
 * too early.
 *
 * @param groups - In an order that can be run.
 * @returns Another such order.
 */
export function delayGroups<Group extends Delayable>(groups: readonly Group[]): Group[] {
  /** Where each group goes: whole numbers for those that stay. */
  const keys = new Map<Delayable, number>(groups.map((group, i) => [group, i]));
  const firstReader = new Map<Delayable, number>();
  const lastRead = new Map<number, number>();
  for (const group of groups.toReversed()) {
    const place = keys.get(group)!;
    const reader = firstReader.get(group);
    if (reader !== undefined && reader - place > minDelay) {
      let ends = 0;
      for (const [id, size] of group.reads) if ((lastRead.get(id) ?? -1) < reader) ends += size;
      if (group.resultSize >= ends) keys.set(group, reader - 2 ** -20);
    }
    const key = keys.get(group)!;
    for (const id of group.reads.keys()) lastRead.set(id, Math.max(lastRead.get(id) ?? -1, key));
    for (const each of group.before) {
      firstReader.set(each, Math.min(firstReader.get(each) ?? Number.POSITIVE_INFINITY, key));
    }
  }
  return groups.toSorted((a, b) => keys.get(a)! - keys.get(b)!);
}
