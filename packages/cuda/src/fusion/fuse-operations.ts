import type { Dimension, Tensor } from "@turnwise/graph/executor";
import type { DeviceKind, DeviceOperation, DeviceProgram } from "../program/device-program.ts";
import { delayGroups, type Delayable } from "./delay-groups.ts";
import { isElementwise } from "../source/entry-reader.ts";
import { chooseMaterialized, findLiveOperations, findSources } from "./choose-materialized.ts";

/** Operations fused into one step of the plan. */
export interface FusionGroup {
  /**
   * Operation of the group that is not elementwise, such as a reduction, a softmax or a product; at
   * most one.
   */
  readonly anchor: DeviceOperation | undefined;
  /** Elementwise values of the group, in order of computation. */
  readonly elementwise: readonly Tensor[];
}

/** Fusion groups of a program, in a valid order of execution. */
export interface FusedProgram {
  readonly groups: readonly FusionGroup[];
  /** True if a value is in memory after its group. */
  readonly isMaterialized: (tensor: Tensor) => boolean;
  /** True if a value is in memory when the group's kernel starts. */
  readonly isLoaded: (group: FusionGroup, tensor: Tensor) => boolean;
  /**
   * Values in memory that a group reads, and whether it reads them only at the index being
   * computed.
   */
  readonly reads: (group: FusionGroup) => ReadonlyMap<number, { readonly isInPlace: boolean }>;
}

/**
 * Row operations and reductions, whose kernels loop over the entries of their first input, and can
 * compute elementwise values in that loop.
 */
const visitingKinds: ReadonlySet<DeviceKind> = new Set<DeviceKind>([
  "softmax",
  "softmaxStatistics",
  "rmsNorm",
  "reduceSum",
  "reduceMean",
  "reduceMax",
]);

const maxReads = 32;
const maxResults = 16;
/** Maximum distance, in operations, between two groups that may be fused. */
const maxDistance = 64;

/** Fusion group under construction. */
class Group {
  anchor: DeviceOperation | undefined;
  elementwise: Tensor[];
  /** Number of entries that the kernel loops over. */
  readonly visits: Dimension | undefined;
  first: number;
  last: number;
  /** Position among all groups; larger than the position of every group that this one reads. */
  position = 0;

  constructor(
    anchor: DeviceOperation | undefined,
    elementwise: Tensor[],
    visits: Dimension | undefined,
    order: number,
  ) {
    this.anchor = anchor;
    this.elementwise = elementwise;
    this.visits = visits;
    this.first = order;
    this.last = order;
  }

  get results(): readonly Tensor[] {
    return [...(this.anchor?.outputs ?? []), ...this.elementwise];
  }
}

interface DelayableGroup extends Delayable {
  readonly group: Group;
}

/** Size assumed for named dimensions when values are compared. */
const nominalSize = 64;

/** Approximate number of entries, for comparisons only. */
function roughSize({ shape }: Tensor): number {
  return shape.reduce<number>(
    (product, size) => product * (typeof size === "number" ? size : nominalSize),
    1,
  );
}

type Reads = Map<number, { tensor: Tensor; isInPlace: boolean }>;

class Fusion {
  readonly #program: DeviceProgram;
  readonly #materialized: ReadonlySet<number>;
  readonly #groups = new Set<Group>();
  /** Groups by position; `undefined` for a group that was merged into another group. */
  readonly #positions: (Group | undefined)[] = [];
  readonly #groupOf = new Map<number, Group>();
  readonly #reads = new Map<Group, Reads>();

  constructor(
    program: DeviceProgram,
    live: readonly DeviceOperation[],
    materialized: ReadonlySet<number>,
  ) {
    this.#program = program;
    this.#materialized = materialized;
    for (const operation of live) {
      const [first] = operation.outputs;
      if (operation.kind === "input" || operation.kind === "constant") continue;
      const order = program.order(operation);
      if (!isElementwise(operation)) {
        const visits = visitingKinds.has(operation.kind)
          ? program.size(operation.inputs[0]!)
          : undefined;
        this.#add(new Group(operation, [], visits, order));
      } else if (materialized.has(first!.id)) {
        // A bfloat16 copy of a weight is kept between runs, so it gets a step of its own.
        const isBfloat16Copy =
          operation.kind === "toBfloat16" &&
          program.producer(program.base(operation.inputs[0]!)).kind === "input";
        const visits = isBfloat16Copy ? undefined : program.size(first!);
        this.#add(new Group(undefined, [first!], visits, order));
      }
    }
  }

  #add(group: Group): void {
    this.#groups.add(group);
    group.position = this.#positions.push(group) - 1;
    for (const { id } of group.results) this.#groupOf.set(id, group);
  }

  /**
   * Values in memory that a group reads, and whether it reads them only at the index being
   * computed.
   */
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
      if (this.#materialized.has(tensor.id)) {
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
        // takeAlong reads its first input at other indices, but its ids only at its own index.
        const isOwn =
          keepsPlace || (operation.kind === "takeAlong" && i === 1) || operation.kind === "expand";
        visit(input, isInPlace && isOwn && isSameSize);
      });
    };
    const { anchor } = group;
    if (anchor) {
      const isVisiting = visitingKinds.has(anchor.kind);
      findSources(this.#program, anchor).forEach((source, i) =>
        visit(source, isVisiting && i === 0),
      );
    }
    for (const entry of group.elementwise) expand(entry, true);
    this.#reads.set(group, reads);
    return reads;
  }

  /** Groups whose results a group reads. */
  #dependencies(group: Group): Group[] {
    return [...this.reads(group).keys()].flatMap((id) => {
      const other = this.#groupOf.get(id);
      return other && other !== group ? [other] : [];
    });
  }

  /** All transitive dependencies of a group with a position larger than `position`. */
  #dependenciesAfter(group: Group, position: number): Set<Group> {
    const needed = new Set<Group>();
    const open = this.#dependencies(group);
    for (let next = open.pop(); next; next = open.pop()) {
      // All dependencies of a group at `position` or before are also at or before `position`.
      if (needed.has(next) || next.position <= position) continue;
      needed.add(next);
      open.push(...this.#dependencies(next));
    }
    return needed;
  }

  /** True if `later` depends on `earlier` through a third group. */
  #dependsIndirectly(later: Group, earlier: Group): boolean {
    for (const needed of this.#dependenciesAfter(later, earlier.position)) {
      if (this.#dependencies(needed).includes(earlier)) return true;
    }
    return false;
  }

  /** Moves two groups to one position: after everything that they need, before everything else. */
  #moveTogether(a: Group, b: Group): void {
    const [low, high] = a.position < b.position ? [a, b] : [b, a];
    const needed = this.#dependenciesAfter(high, low.position);
    const between = this.#positions.slice(low.position + 1, high.position).filter((group) => group);
    const inOrder = [
      ...between.filter((group) => group && needed.has(group)),
      a,
      ...between.filter((group) => group && !needed.has(group)),
    ];
    for (
      let position = low.position, first = position, end = high.position;
      position <= end;
      position++
    ) {
      const group = inOrder[position - first];
      this.#positions[position] = group;
      if (group) group.position = position;
    }
  }

  #canMerge(a: Group, b: Group): boolean {
    if (a === b || a.visits === undefined || a.visits !== b.visits) return false;
    if (a.anchor && b.anchor) return false;
    if (a.elementwise.length + b.elementwise.length > maxResults) return false;
    const [readsA, readsB] = [this.reads(a), this.reads(b)];
    const all = new Set([...readsA.keys(), ...readsB.keys()]);
    if (all.size > maxReads) return false;
    // If one group computes a value that the other reads, the value must be available at the index
    // being computed.
    const anchor = a.anchor ?? b.anchor;
    for (const [results, reads] of [
      [a.results, readsB],
      [b.results, readsA],
    ] as const) {
      for (const { id } of results) {
        const read = reads.get(id);
        if (!read) continue;
        const isRowNumber = anchor?.outputs.some((output) => output.id === id) === true;
        const isReady =
          !isRowNumber ||
          ((anchor.kind === "softmax" || anchor.kind === "rmsNorm") &&
            anchor.outputs[0]!.id === id);
        if (!read.isInPlace || !isReady) return false;
      }
    }
    return !this.#dependsIndirectly(a, b) && !this.#dependsIndirectly(b, a);
  }

  #merge(a: Group, b: Group): Group {
    this.#moveTogether(a, b);
    a.anchor ??= b.anchor;
    a.elementwise = [...a.elementwise, ...b.elementwise].sort(
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

  /** Fuses producers with consumers, then groups that read the same values. */
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

  /** Groups in a valid order of execution, as close to the program's order as possible. */
  order(): Group[] {
    const done = new Set<Group>();
    const result: Group[] = [];
    const emit = (group: Group): void => {
      if (done.has(group)) return;
      done.add(group);
      for (const before of this.#dependencies(group)) emit(before);
      result.push(group);
    };
    for (const group of [...this.#groups].sort((a, b) => a.last - b.last)) emit(group);
    return this.#delay(result);
  }

  #delay(groups: readonly Group[]): Group[] {
    const outputs = new Set(Object.values(this.#program.outputs).map(({ base }) => base.id));
    const known = new Map<Group, DelayableGroup>();
    const list = groups.map((group) => {
      const reads = new Map<number, number>();
      for (const [id, { tensor }] of this.reads(group)) {
        if (this.#groupOf.has(id) && !outputs.has(id)) reads.set(id, roughSize(tensor));
      }
      const isOutput = group.results.some(({ id }) => outputs.has(id));
      const materialized = group.results.filter(({ id }) => this.#materialized.has(id));
      const resultSize = isOutput
        ? Number.NEGATIVE_INFINITY
        : materialized.reduce((sum, tensor) => sum + roughSize(tensor), 0);
      const dependencies = this.#dependencies(group).map((each) => known.get(each)!);
      const delayable = { group, dependencies, reads, resultSize };
      known.set(group, delayable);
      return delayable;
    });
    return delayGroups(list).map(({ group }) => group);
  }

  /** Ids of the values that a group reads but does not compute itself. */
  findExternalReads(): ReadonlySet<number> {
    const ids = new Set<number>();
    for (const group of this.#groups) {
      for (const id of this.reads(group).keys()) {
        if (this.#groupOf.get(id) !== group) ids.add(id);
      }
    }
    return ids;
  }
}

/** Fuses the operations of a program into groups of one kernel each. */
export function fuseOperations(program: DeviceProgram): FusedProgram {
  const live = findLiveOperations(program);
  const materialized = chooseMaterialized(program, live);
  const fusion = new Fusion(program, live, materialized);
  fusion.mergeAll();
  const groups = fusion.order();
  const kept = new Set(fusion.findExternalReads());
  for (const { base } of Object.values(program.outputs)) kept.add(base.id);
  const resultsOf = ({ anchor, elementwise }: FusionGroup): ReadonlySet<number> =>
    new Set([...(anchor?.outputs ?? []), ...elementwise].map(({ id }) => id));
  return {
    groups,
    isMaterialized: ({ id }) => kept.has(id),
    isLoaded: (group, { id }) => materialized.has(id) && !resultsOf(group).has(id),
    reads: (group) => {
      const own = resultsOf(group);
      // Callers pass only groups from `groups`, which are instances of `Group`.
      return new Map([...fusion.reads(group as Group)].filter(([id]) => !own.has(id)));
    },
  };
}
