import type { Predicate } from "./formula.ts";

/** Atom of the initial state, or atom to which an operator or formula of the game refers. */
export interface Fact {
  /**
   * Index in the bit sets of states; -1 for facts of predicates that never change. Those facts are
   * always true.
   */
  readonly id: number;
  readonly predicate: number;
  /** Object numbers. */
  readonly objects: readonly number[];
  /** True if the fact was true in a world that has been reached. */
  isReached: boolean;
}

/** Facts of one predicate, sorted by the ids of their arguments. */
export class FactList {
  readonly facts: readonly Fact[];
  #flat: readonly number[] | undefined;

  constructor(facts: readonly Fact[]) {
    this.facts = facts;
  }

  /** {@link facts} as a flat list: id and objects of each fact. */
  get flat(): readonly number[] {
    return (this.#flat ??= this.facts.flatMap(({ id, objects }) => [id, ...objects]));
  }

  /** Returns a list with an additional fact. */
  with(fact: Fact): FactList {
    const { facts } = this;
    let low = 0;
    let high = facts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (inOrder(facts[middle]!, fact) < 0) low = middle + 1;
      else high = middle;
    }
    return new FactList(facts.toSpliced(low, 0, fact));
  }
}

/**
 * Facts of one game. During play, facts that become possible are added; the ids of known facts do
 * not change. Lists are sorted by the ids of the arguments.
 */
export class FactTable {
  /** Changeable facts by id. */
  readonly changeable: Fact[] = [];
  /** Number of changeable facts that are true at the start; they have the first ids. */
  numInitial = 0;
  readonly #ofPredicate: PredicateFacts[];

  /** @param numObjects - Exclusive upper bound of object numbers. */
  constructor(
    predicates: readonly Predicate[],
    isChangeable: readonly boolean[],
    numObjects: number,
  ) {
    this.#ofPredicate = predicates.map(
      ({ arity, index }) => new PredicateFacts(arity, numObjects, isChangeable[index]!),
    );
  }

  /** Adds a fact of the initial state, unless it is already present. */
  addInitial(predicate: number, objects: readonly number[]): void {
    const table = this.#ofPredicate[predicate]!;
    const key = table.key(objects);
    if (table.byKey.has(key)) return;
    const id = table.isChangeable ? this.changeable.length : -1;
    const fact = { id, predicate, objects, isReached: false };
    table.byKey.set(key, fact);
    if (id >= 0) {
      this.changeable.push(fact);
      this.numInitial++;
    }
  }

  /** Returns a fact; `undefined` if it is not known. */
  find(predicate: number, objects: readonly number[]): Fact | undefined {
    const table = this.#ofPredicate[predicate]!;
    return table.byKey.get(table.key(objects));
  }

  /** Returns a fact of a changeable predicate; creates it if it is not known. */
  intern(predicate: number, objects: readonly number[]): Fact {
    const table = this.#ofPredicate[predicate]!;
    const key = table.key(objects);
    let fact = table.byKey.get(key);
    if (!fact) {
      fact = { id: this.changeable.length, predicate, objects, isReached: false };
      table.byKey.set(key, fact);
      this.changeable.push(fact);
      table.insert(fact);
    }
    return fact;
  }

  /** All known facts of a predicate. */
  all(predicate: number): FactList {
    return this.#ofPredicate[predicate]!.all();
  }

  /** All known facts of a predicate with an object at a position. */
  allWith(predicate: number, position: number, object: number): FactList {
    return this.#ofPredicate[predicate]!.allWith(position, object);
  }
}

const none = new FactList([]);

class PredicateFacts {
  readonly isChangeable: boolean;
  readonly byKey = new Map<number | string, Fact>();
  readonly #numObjects: number;
  readonly #hasTextKeys: boolean;
  #all: FactList | undefined;
  /** Lists by predicate, position and object. */
  readonly #allWith: ((FactList | undefined)[] | undefined)[];

  constructor(arity: number, numObjects: number, isChangeable: boolean) {
    this.isChangeable = isChangeable;
    this.#numObjects = numObjects;
    this.#hasTextKeys = numObjects ** arity > Number.MAX_SAFE_INTEGER;
    this.#allWith = Array.from({ length: arity });
  }

  key(objects: readonly number[]): number | string {
    if (this.#hasTextKeys) return objects.join(" ");
    let key = 0;
    for (let i = 0; i < objects.length; i++) key = key * this.#numObjects + objects[i]!;
    return key;
  }

  all(): FactList {
    return (this.#all ??= new FactList([...this.byKey.values()].sort(inOrder)));
  }

  allWith(position: number, object: number): FactList {
    return (this.#allWith[position] ?? this.#index(position))[object] ?? none;
  }

  #index(position: number): (FactList | undefined)[] {
    const groups = new Map<number, Fact[]>();
    for (const fact of this.all().facts) {
      const object = fact.objects[position]!;
      const group = groups.get(object);
      if (group) group.push(fact);
      else groups.set(object, [fact]);
    }
    const lists: (FactList | undefined)[] = [];
    for (const [object, facts] of groups) lists[object] = new FactList(facts);
    this.#allWith[position] = lists;
    return lists;
  }

  /** Inserts a new fact into the existing lists. */
  insert(fact: Fact): void {
    this.#all = this.#all?.with(fact);
    this.#allWith.forEach((lists, position) => {
      if (!lists) return;
      const object = fact.objects[position]!;
      lists[object] = (lists[object] ?? none).with(fact);
    });
  }
}

function inOrder(a: Fact, b: Fact): number {
  for (let i = 0; i < a.objects.length; i++) {
    const difference = a.objects[i]! - b.objects[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
