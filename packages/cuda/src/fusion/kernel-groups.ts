import type { Dimension, Tensor } from "@turnwise/graph/executor";
import type { DeviceKind, DeviceOperation, DeviceProgram } from "../program/device-program.ts";
import { delayGroups, type Delayable } from "./delay-groups.ts";
import { isEntrywise } from "../source/entry-reader.ts";
import { chooseStored, liveOperations, sourcesOf } from "./stored-values.ts";

/** What one step of a plan computes. */
export interface KernelGroup {
  /** The step that is more than entries: a sum, a softmax, a product. */
  readonly whole: DeviceOperation | undefined;
  /** Values that are computed entry by entry, in order. */
  readonly entries: readonly Tensor[];
}

/** A program's steps in groups, in an order that can be run. */
export interface GroupedProgram {
  readonly groups: readonly KernelGroup[];
  /** Whether a value lies in memory after the group that gives it. */
  readonly isStored: (tensor: Tensor) => boolean;
  /** Whether a value lies in memory when a group's kernel begins. */
  readonly isLoaded: (group: KernelGroup, tensor: Tensor) => boolean;
  /** Values in memory that a group reads, and whether each only at the entry that is being computed. */
  readonly reads: (group: KernelGroup) => ReadonlyMap<number, { readonly isInPlace: boolean }>;
}

/** Steps over rows or sums, whose kernels visit each entry of their first input, and can compute others there. */
const visiting: ReadonlySet<DeviceKind> = new Set<DeviceKind>([
  "softmax",
  "softmaxStatistics",
  "rmsNorm",
  "reduceSum",
  "reduceMean",
  "reduceMax",
]);

const maxReads = 32;
const maxResults = 16;
/** Steps between which it is looked for something to compute together. */
const maxDistance = 64;

/** A group that is being put together. */
class Group {
  whole: DeviceOperation | undefined;
  entries: Tensor[];
  /** How many entries its kernel visits, one after the other. */
  readonly visits: Dimension | undefined;
  first: number;
  last: number;
  /** Its place among all groups, behind all that it reads. */
  place = 0;

  constructor(
    whole: DeviceOperation | undefined,
    entries: Tensor[],
    visits: Dimension | undefined,
    order: number,
  ) {
    this.whole = whole;
    this.entries = entries;
    this.visits = visits;
    this.first = order;
    this.last = order;
  }

  get results(): readonly Tensor[] {
    return [...(this.whole?.outputs ?? []), ...this.entries];
  }
}

interface DelayableGroup extends Delayable {
  readonly group: Group;
}

/** What a named size counts as when values are compared. */
const nominalSize = 64;

/** A rough number of bytes: what matters is which value is larger. */
function roughSize({ shape }: Tensor): number {
  return shape.reduce<number>(
    (product, size) => product * (typeof size === "number" ? size : nominalSize),
    1,
  );
}

type Reads = Map<number, { tensor: Tensor; isInPlace: boolean }>;

class Grouping {
  readonly #program: DeviceProgram;
  readonly #stored: ReadonlySet<number>;
  readonly #groups = new Set<Group>();
  /** Groups by their places; nothing where one was that is a part of another now. */
  readonly #places: (Group | undefined)[] = [];
  readonly #groupOf = new Map<number, Group>();
  readonly #reads = new Map<Group, Reads>();

  constructor(
    program: DeviceProgram,
    live: readonly DeviceOperation[],
    stored: ReadonlySet<number>,
  ) {
    this.#program = program;
    this.#stored = stored;
    for (const operation of live) {
      const [first] = operation.outputs;
      if (operation.kind === "input" || operation.kind === "constant") continue;
      const order = program.order(operation);
      if (!isEntrywise(operation)) {
        const visits = visiting.has(operation.kind)
          ? program.size(operation.inputs[0]!)
          : undefined;
        this.#add(new Group(operation, [], visits, order));
      } else if (stored.has(first!.id)) {
        // The twin of a weight is kept from run to run: it is a step of its own.
        const isTwin =
          operation.kind === "toBfloat16" &&
          program.producer(program.base(operation.inputs[0]!)).kind === "input";
        const visits = isTwin ? undefined : program.size(first!);
        this.#add(new Group(undefined, [first!], visits, order));
      }
    }
  }

  #add(group: Group): void {
    this.#groups.add(group);
    group.place = this.#places.push(group) - 1;
    for (const { id } of group.results) this.#groupOf.set(id, group);
  }

  /** What a group reads from memory or from itself. */
  reads(group: Group): Reads {
    const known = this.#reads.get(group);
    if (known) return known;
    const reads: Reads = new Map();
    const seen = new Set<string>();
    const visit = (operand: Tensor, isInPlace: boolean): void => {
      const tensor = this.#program.base(operand);
      const key = `${tensor.id} ${isInPlace}`;
      if (seen.has(key)) return;
      seen.add(key);
      if (this.#stored.has(tensor.id)) {
        const before = reads.get(tensor.id)?.isInPlace ?? true;
        reads.set(tensor.id, { tensor, isInPlace: before && isInPlace });
        return;
      }
      expand(tensor, isInPlace);
    };
    const expand = (tensor: Tensor, isInPlace: boolean): void => {
      const operation = this.#program.producer(tensor);
      const keepsPlace = ![
        "transpose",
        "slice",
        "expand",
        "concat",
        "gather",
        "takeAlong",
        "rope",
      ].includes(operation.kind);
      operation.inputs.forEach((input, i) => {
        const isSameSize = this.#program.size(input) === this.#program.size(tensor);
        // A step along an axis reads its own entry too, but others as well; ids come by place.
        const isOwn =
          keepsPlace || (operation.kind === "takeAlong" && i === 1) || operation.kind === "expand";
        visit(input, isInPlace && isOwn && isSameSize);
      });
    };
    const { whole } = group;
    if (whole) {
      const isVisiting = visiting.has(whole.kind);
      sourcesOf(this.#program, whole).forEach((source, i) => visit(source, isVisiting && i === 0));
    }
    for (const entry of group.entries) expand(entry, true);
    this.#reads.set(group, reads);
    return reads;
  }

  /** The groups whose results a group reads. */
  #before(group: Group): Group[] {
    return [...this.reads(group).keys()].flatMap((id) => {
      const other = this.#groupOf.get(id);
      return other && other !== group ? [other] : [];
    });
  }

  /** All groups behind a place that a group needs, itself left out. */
  #neededBehind(group: Group, place: number): Set<Group> {
    const needed = new Set<Group>();
    const open = this.#before(group);
    for (let next = open.pop(); next; next = open.pop()) {
      // What it needs in turn lies before it.
      if (needed.has(next) || next.place <= place) continue;
      needed.add(next);
      open.push(...this.#before(next));
    }
    return needed;
  }

  /** Whether a group needs another by way of a third. */
  #isBetween(later: Group, earlier: Group): boolean {
    for (const needed of this.#neededBehind(later, earlier.place)) {
      if (this.#before(needed).includes(earlier)) return true;
    }
    return false;
  }

  /** Gives the place of two groups to one: all that they need before it, the rest behind it. */
  #moveTogether(a: Group, b: Group): void {
    const [low, high] = a.place < b.place ? [a, b] : [b, a];
    const needed = this.#neededBehind(high, low.place);
    const between = this.#places.slice(low.place + 1, high.place).filter((group) => group);
    const inOrder = [
      ...between.filter((group) => group && needed.has(group)),
      a,
      ...between.filter((group) => group && !needed.has(group)),
    ];
    for (let place = low.place, first = place, end = high.place; place <= end; place++) {
      const group = inOrder[place - first];
      this.#places[place] = group;
      if (group) group.place = place;
    }
  }

  #canMerge(a: Group, b: Group): boolean {
    if (a === b || a.visits === undefined || a.visits !== b.visits) return false;
    if (a.whole && b.whole) return false;
    if (a.entries.length + b.entries.length > maxResults) return false;
    const [readsA, readsB] = [this.reads(a), this.reads(b)];
    const all = new Set([...readsA.keys(), ...readsB.keys()]);
    if (all.size > maxReads) return false;
    // What one computes must be ready where the other reads it.
    const whole = a.whole ?? b.whole;
    for (const [results, reads] of [
      [a.results, readsB],
      [b.results, readsA],
    ] as const) {
      for (const { id } of results) {
        const read = reads.get(id);
        if (!read) continue;
        const isRowNumber = whole?.outputs.some((output) => output.id === id) === true;
        const isReady =
          !isRowNumber ||
          ((whole.kind === "softmax" || whole.kind === "rmsNorm") && whole.outputs[0]!.id === id);
        if (!read.isInPlace || !isReady) return false;
      }
    }
    return !this.#isBetween(a, b) && !this.#isBetween(b, a);
  }

  #merge(a: Group, b: Group): Group {
    this.#moveTogether(a, b);
    a.whole ??= b.whole;
    a.entries = [...a.entries, ...b.entries].sort(
      (x, y) =>
        this.#program.order(this.#program.producer(x)) -
        this.#program.order(this.#program.producer(y)),
    );
    a.first = Math.min(a.first, b.first);
    a.last = Math.max(a.last, b.last);
    for (const { id } of b.results) this.#groupOf.set(id, a);
    this.#groups.delete(b);
    this.#reads.delete(a);
    this.#reads.delete(b);
    return a;
  }

  /** Puts those together of which one reads what the other computes, then those that read the same. */
  mergeAll(): void {
    for (const group of Array.from(this.#groups)) {
      let current = group;
      if (!this.#groups.has(current)) continue;
      for (let isDone = false; !isDone;) {
        isDone = true;
        for (const [id, { isInPlace }] of this.reads(current)) {
          const other = this.#groupOf.get(id);
          if (!isInPlace || !other || current.first - other.last > maxDistance) continue;
          if (!this.#canMerge(other, current)) continue;
          current = this.#merge(other, current);
          isDone = false;
          break;
        }
      }
    }
    const readers = new Map<number, Group[]>();
    for (const group of this.#groups) {
      for (const [id, { isInPlace }] of this.reads(group)) {
        if (!isInPlace) continue;
        readers.set(id, [...(readers.get(id) ?? []), group]);
      }
    }
    for (const list of readers.values()) {
      let before: Group | undefined;
      for (const listed of list) {
        if (!this.#groups.has(listed)) continue;
        const isNear = before && Math.abs(listed.first - before.last) <= maxDistance;
        before =
          before && isNear && this.#groups.has(before) && this.#canMerge(before, listed)
            ? this.#merge(before, listed)
            : listed;
      }
    }
  }

  /** The groups in an order that can be run, as near to the program's as may be. */
  ordered(): Group[] {
    const done = new Set<Group>();
    const result: Group[] = [];
    const emit = (group: Group): void => {
      if (done.has(group)) return;
      done.add(group);
      for (const before of this.#before(group)) emit(before);
      result.push(group);
    };
    for (const group of [...this.#groups].sort((a, b) => a.last - b.last)) emit(group);
    return this.#delayed(result);
  }

  #delayed(groups: readonly Group[]): Group[] {
    const outputs = new Set(Object.values(this.#program.outputs).map(({ base }) => base.id));
    const known = new Map<Group, DelayableGroup>();
    const list = groups.map((group) => {
      const reads = new Map<number, number>();
      for (const [id, { tensor }] of this.reads(group)) {
        if (this.#groupOf.has(id) && !outputs.has(id)) reads.set(id, roughSize(tensor));
      }
      const isOutput = group.results.some(({ id }) => outputs.has(id));
      const stored = group.results.filter(({ id }) => this.#stored.has(id));
      const resultSize = isOutput
        ? Number.NEGATIVE_INFINITY
        : stored.reduce((sum, tensor) => sum + roughSize(tensor), 0);
      const before = this.#before(group).map((each) => known.get(each)!);
      const delayable = { group, before, reads, resultSize };
      known.set(group, delayable);
      return delayable;
    });
    return delayGroups(list).map(({ group }) => group);
  }

  /** Values that some other group reads. */
  readElsewhere(): ReadonlySet<number> {
    const ids = new Set<number>();
    for (const group of this.#groups) {
      for (const id of this.reads(group).keys()) {
        if (this.#groupOf.get(id) !== group) ids.add(id);
      }
    }
    return ids;
  }
}

/** Puts the steps of a program into groups that one kernel can compute. */
export function groupOperations(program: DeviceProgram): GroupedProgram {
  const live = liveOperations(program);
  const stored = chooseStored(program, live);
  const grouping = new Grouping(program, live, stored);
  grouping.mergeAll();
  const groups = grouping.ordered();
  const kept = new Set(grouping.readElsewhere());
  for (const { base } of Object.values(program.outputs)) kept.add(base.id);
  const resultsOf = ({ whole, entries }: KernelGroup): ReadonlySet<number> =>
    new Set([...(whole?.outputs ?? []), ...entries].map(({ id }) => id));
  return {
    groups,
    isStored: ({ id }) => kept.has(id),
    isLoaded: (group, { id }) => stored.has(id) && !resultsOf(group).has(id),
    reads: (group) => {
      const own = resultsOf(group);
      // These are the groups above.
      return new Map([...grouping.reads(group as Group)].filter(([id]) => !own.has(id)));
    },
  };
}
