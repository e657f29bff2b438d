import { GameFileError } from "../game-file-error.ts";
import type { Operator } from "../game.ts";
import { compareCodePoints } from "../text/code-point-order.ts";
import type { Action, Domain } from "./domain.ts";
import type { Fact, FactTable } from "./facts.ts";
import type { AtomFormula } from "./formula.ts";
import {
  type GroundContext,
  type GroundFormula,
  combine,
  groundFormula,
  hasBit,
  holdsIn,
} from "./ground-formula.ts";
import type { JoinPlan } from "./join-plan.ts";
import type { Problem } from "./problem.ts";

/** An effect on one fact under a condition on the state before. */
export interface ConditionalEffect {
  readonly condition: GroundFormula;
  readonly id: number;
  readonly isDelete: boolean;
}

/** One way to carry out an operator: a case of the action's precondition. */
export interface Variant {
  readonly operator: GroundOperator;
  /** Literals of {@link GroundFormula} that must all hold, but for the watched fact. */
  readonly literals: Int32Array;
  /** What must hold besides. */
  readonly rest: GroundFormula;
  /** The fact under which the variant is listed, or -1. */
  readonly watched: number;
  readonly adds: Int32Array;
  readonly deletes: Int32Array;
  readonly conditional: readonly ConditionalEffect[];
}

/** See {@link Operator}. */
export class GroundOperator implements Operator {
  readonly schema: Action;
  readonly objects: readonly number[];
  readonly command: string;
  readonly isIdle: boolean;
  readonly variants: Variant[] = [];
  /** The operators that it belongs to. */
  readonly table: OperatorTable;
  #arguments: readonly string[] | undefined;

  constructor(
    schema: Action,
    objects: readonly number[],
    command: string,
    isIdle: boolean,
    table: OperatorTable,
  ) {
    this.schema = schema;
    this.objects = objects;
    this.command = command;
    this.isIdle = isIdle;
    this.table = table;
  }

  get action(): string {
    return this.schema.name;
  }

  get arguments(): readonly string[] {
    return (this.#arguments ??= this.objects.map((object) => this.table.idOf(object)));
  }

  /** The first variant that can be carried out, if any. */
  variantIn(bits: Int32Array): Variant | undefined {
    return this.variants.find(
      (variant) =>
        (variant.watched < 0 || hasBit(bits, variant.watched)) && isApplicable(variant, bits),
    );
  }
}

function isApplicable({ literals, rest }: Variant, bits: Int32Array): boolean {
  for (let i = 0; i < literals.length; i++) {
    const literal = literals[i]!;
    if (((bits[literal >> 6]! >>> ((literal >> 1) & 31)) & 1) === (literal & 1)) return false;
  }
  return rest === true || holdsIn(rest, bits);
}

/** Variants that need one fact, or (-1) that need none that could tell them apart. */
interface Bucket {
  readonly watched: number;
  readonly variants: Variant[];
  isSorted: boolean;
}

// The largest released game has 5,000 operators; a file that goes on for ever has to be stopped.
const maxVariants = 200_000;
const maxSearchSteps = 20_000_000;

/**
 * The operators of one game. An operator is made when all facts that it needs have been true, each
 * in some world that was reached: what can be done in a world has then been made, and what play
 * never comes near is never made.
 */
export class OperatorTable implements GroundContext {
  readonly facts: FactTable;
  readonly isChangeable: readonly boolean[];
  readonly objects: readonly number[];
  readonly #name: string;
  readonly #domain: Domain;
  readonly #problem: Problem;
  readonly #commandOf: (action: Action, objects: readonly number[]) => string;
  readonly #plansOf: ReadonlyMap<number, readonly JoinPlan[]>;
  /** Whether preconditions, conditions or the goal read the predicate. */
  readonly #isRead: readonly boolean[];
  /** Whether at most one fact of the predicate is true at any time. */
  readonly #isSingle: readonly boolean[];
  readonly #operators = new Map<string, GroundOperator>();
  readonly #members = new Map<number, readonly number[]>();
  readonly #buckets: Bucket[] = [];
  readonly #bucketOf = new Map<number, Bucket>();
  #slotTypes: readonly number[] = [];
  #mask = new Int32Array(0);
  #numMasked = 0;
  #numVariants = 0;
  #numSearchSteps = 0;

  constructor(
    name: string,
    domain: Domain,
    plans: ReadonlyMap<number, readonly JoinPlan[]>,
    problem: Problem,
    isRead: readonly boolean[],
    isSingle: readonly boolean[],
    commandOf: (action: Action, objects: readonly number[]) => string,
  ) {
    this.#name = name;
    this.#domain = domain;
    this.#problem = problem;
    this.#commandOf = commandOf;
    this.#plansOf = plans;
    this.#isRead = isRead;
    this.#isSingle = isSingle;
    this.facts = problem.facts;
    this.isChangeable = domain.isChangeable;
    this.objects = problem.domainObjects;
    for (const plan of plans.get(-1) ?? []) this.#carryOut(plan, undefined);
    for (let id = 0; id < problem.facts.numInitial; id++) this.reach(id);
  }

  /** Makes the operators that a fact makes possible, if it is true for the first time. */
  reach(id: number): void {
    const fact = this.facts.changeable[id]!;
    if (fact.isReached) return;
    fact.isReached = true;
    const plans = this.#plansOf.get(fact.predicate);
    if (plans) for (const plan of plans) this.#carryOut(plan, fact);
  }

  /** All operators that can be applied, sorted by command, then by action and objects. */
  applicableIn(bits: Int32Array): GroundOperator[] {
    let all: GroundOperator[] = [];
    for (const bucket of this.#buckets) {
      if (bucket.watched >= 0 && !hasBit(bits, bucket.watched)) continue;
      if (!bucket.isSorted) {
        bucket.variants.sort((a, b) => compareOperators(a.operator, b.operator));
        bucket.isSorted = true;
      }
      const { variants } = bucket;
      const found: GroundOperator[] = [];
      for (let i = 0; i < variants.length; i++) {
        const variant = variants[i]!;
        if (isApplicable(variant, bits) && variant.operator !== found[found.length - 1]) {
          found.push(variant.operator);
        }
      }
      if (found.length > 0) all = all.length === 0 ? found : merge(all, found);
    }
    return all;
  }

  /** What the goal of the problem is grounded with. */
  forGoal({ goalObjects, goalSlotTypes }: Problem): GroundContext {
    const withTypes = <T>(call: () => T): T => {
      this.#slotTypes = goalSlotTypes;
      return call();
    };
    return {
      facts: this.facts,
      isChangeable: this.isChangeable,
      objects: goalObjects,
      members: (slot) => withTypes(() => this.members(slot)),
      isMember: (slot, object) => withTypes(() => this.isMember(slot, object)),
      count: () => {
        this.count();
      },
    };
  }

  /** The id of an object. */
  idOf(object: number): string {
    return this.#problem.ids[object]!;
  }

  /** The facts that something reads, as a bit set over all facts known so far. */
  readMask(): Int32Array {
    const { changeable } = this.facts;
    if (this.#numMasked < changeable.length) {
      const numWords = (changeable.length >> 5) + 1;
      if (this.#mask.length < numWords) {
        const larger = new Int32Array(numWords * 2);
        larger.set(this.#mask);
        this.#mask = larger;
      }
      for (let id = this.#numMasked; id < changeable.length; id++) {
        if (this.#isRead[changeable[id]!.predicate]) this.#mask[id >> 5]! |= 1 << (id & 31);
      }
      this.#numMasked = changeable.length;
    }
    return this.#mask;
  }

  members(slot: number): readonly number[] {
    const type = this.#slotTypes[slot]!;
    let members = this.#members.get(type);
    if (!members) {
      const { types } = this.#domain;
      const found: number[] = [];
      this.#problem.typeOf.forEach((own, object) => {
        if (types.isKindOf(own, type)) found.push(object);
      });
      this.#members.set(type, (members = found));
    }
    return members;
  }

  isMember(slot: number, object: number): boolean {
    const own = this.#problem.typeOf[object]!;
    const type = this.#slotTypes[slot]!;
    return own === type || this.#domain.types.isKindOf(own, type);
  }

  count(): void {
    if (++this.#numSearchSteps > maxSearchSteps) {
      throw new GameFileError(
        `${this.#name}: pddl_domain must leave fewer choices to search, got over ${maxSearchSteps}`,
      );
    }
  }

  #carryOut(plan: JoinPlan, fact: Fact | undefined): void {
    const { action, trigger } = plan;
    this.#slotTypes = action.slotTypes;
    const binding: number[] = Array.from({ length: action.slotTypes.length }, () => -1);
    if (trigger && !this.#bind(trigger, fact!, binding)) return;
    // Variants are made after the search: they add facts to the lists that it goes through.
    const found: number[][] = [];
    this.#search(plan, fact, 0, binding, found);
    for (const one of found) this.#makeVariant(plan, one);
  }

  #search(
    plan: JoinPlan,
    fact: Fact | undefined,
    at: number,
    binding: number[],
    found: number[][],
  ): void {
    this.count();
    const step = plan.steps[at];
    if (!step) {
      if (this.#numVariants + found.length >= maxVariants) {
        throw new GameFileError(
          `${this.#name}: pddl_domain action ${plan.action.name} must have fewer operators, got over ${maxVariants}`,
        );
      }
      found.push([...binding]);
      return;
    }
    switch (step.kind) {
      case "scan": {
        const { literal, position } = step;
        const { predicate, terms } = literal;
        const candidates =
          position < 0
            ? this.facts.all(predicate)
            : this.facts.having(predicate, position, this.#objectOf(terms[position]!, binding));
        const mustBeReached = this.isChangeable[predicate]!;
        const isEarlier = plan.earlier.includes(literal);
        for (let i = 0; i < candidates.length; i++) {
          const candidate = candidates[i]!;
          if (mustBeReached && (!candidate.isReached || (isEarlier && candidate === fact))) {
            continue;
          }
          const bound = this.#bind(literal, candidate, binding);
          if (!bound) continue;
          this.#search(plan, fact, at + 1, binding, found);
          for (let j = 0; j < bound.length; j++) binding[bound[j]!] = -1;
        }
        return;
      }
      case "check": {
        const { predicate, terms, isNegated } = step.literal;
        const known = this.facts.find(
          predicate,
          terms.map((term) => this.#objectOf(term, binding)),
        );
        const isThere =
          known !== undefined &&
          (!this.isChangeable[predicate] ||
            (known.isReached && !(known === fact && plan.earlier.includes(step.literal))));
        if (isThere !== isNegated) this.#search(plan, fact, at + 1, binding, found);
        return;
      }
      case "compare": {
        const { left, right, isNegated } = step.equality;
        if ((this.#objectOf(left, binding) === this.#objectOf(right, binding)) !== isNegated) {
          this.#search(plan, fact, at + 1, binding, found);
        }
        return;
      }
      case "members":
        for (const object of this.members(step.slot)) {
          binding[step.slot] = object;
          this.#search(plan, fact, at + 1, binding, found);
        }
        binding[step.slot] = -1;
    }
  }

  #objectOf(term: number, binding: readonly number[]): number {
    return term >= 0 ? binding[term]! : this.objects[~term]!;
  }

  /** Binds the free variables of a literal; `undefined`, and nothing changes, if it does not fit. */
  #bind({ terms }: AtomFormula, fact: Fact, binding: number[]): number[] | undefined {
    let bound: number[] | undefined;
    for (let i = 0; i < terms.length; i++) {
      const term = terms[i]!;
      const object = fact.objects[i]!;
      const present = term >= 0 ? binding[term]! : this.objects[~term]!;
      if (present === object) continue;
      if (present >= 0 || !this.isMember(term, object)) {
        if (bound) for (const slot of bound) binding[slot] = -1;
        return undefined;
      }
      binding[term] = object;
      if (bound) bound.push(term);
      else bound = [term];
    }
    return bound ?? [];
  }

  #makeVariant({ action, condition }: JoinPlan, binding: number[]): void {
    this.#slotTypes = action.slotTypes;
    // Literals that need something, sorted out from what the effects do.
    const literals: number[] = [];
    let watched = -1;
    let isSingle = false;
    for (const literal of condition.literals) {
      const { predicate, terms, isNegated } = literal;
      if (!this.isChangeable[predicate]) continue;
      const { id } = this.#intern(predicate, terms, binding);
      literals.push(id * 2 + (isNegated ? 1 : 0));
      if (!isNegated && !isSingle && (watched < 0 || this.#isSingle[predicate])) {
        watched = id;
        isSingle = this.#isSingle[predicate]!;
      }
    }
    const rest = combine(
      "and",
      condition.rest.map((formula) => groundFormula(formula, binding, this)),
    );
    if (rest === false) return;
    const effects = this.#groundEffects(action, binding, literals);
    // What changes nothing does not exist: one cannot go to where one is.
    if (effects.length === 0) return;

    this.#numVariants++;
    const isUnconditional = ({ condition }: ConditionalEffect): boolean => condition === true;
    const variant: Variant = {
      operator: this.#operatorOf(action, binding.slice(0, action.parameters.length)),
      literals: Int32Array.from(literals.filter((literal) => literal !== watched * 2)),
      rest,
      watched,
      adds: Int32Array.from(
        effects.filter((effect) => isUnconditional(effect) && !effect.isDelete),
        ({ id }) => id,
      ),
      deletes: Int32Array.from(
        effects.filter((effect) => isUnconditional(effect) && effect.isDelete),
        ({ id }) => id,
      ),
      conditional: effects.filter((effect) => !isUnconditional(effect)),
    };
    variant.operator.variants.push(variant);
    let bucket = this.#bucketOf.get(watched);
    if (!bucket) {
      bucket = { watched, variants: [], isSorted: false };
      this.#bucketOf.set(watched, bucket);
      this.#buckets.push(bucket);
    }
    bucket.variants.push(variant);
    bucket.isSorted = false;
  }

  /** The effects that can change something where the literals hold. */
  #groundEffects(
    action: Action,
    binding: number[],
    literals: readonly number[],
  ): ConditionalEffect[] {
    const effects: ConditionalEffect[] = [];
    for (const { slots, condition, predicate, terms, isDelete } of action.effects) {
      this.#forEachBinding(slots, 0, binding, () => {
        const ground = condition ? groundFormula(condition, binding, this) : true;
        if (ground === false || isRefuted(ground, literals)) return;
        effects.push({
          condition: ground,
          id: this.#intern(predicate, terms, binding).id,
          isDelete,
        });
      });
    }
    return effects.filter(({ id, isDelete }) => {
      // Adding what must be there already changes nothing, nor does deleting what must not be.
      if (literals.includes(id * 2 + (isDelete ? 1 : 0))) return false;
      // What is added for certain is not deleted.
      return !(
        isDelete &&
        effects.some((other) => other.id === id && !other.isDelete && other.condition === true)
      );
    });
  }

  #forEachBinding(
    slots: readonly number[],
    at: number,
    binding: number[],
    visit: () => void,
  ): void {
    if (at === slots.length) {
      this.count();
      visit();
      return;
    }
    for (const object of this.members(slots[at]!)) {
      binding[slots[at]!] = object;
      this.#forEachBinding(slots, at + 1, binding, visit);
    }
    binding[slots[at]!] = -1;
  }

  #intern(predicate: number, terms: readonly number[], binding: readonly number[]): Fact {
    const objects: number[] = [];
    for (let i = 0; i < terms.length; i++) objects.push(this.#objectOf(terms[i]!, binding));
    return this.facts.intern(predicate, objects);
  }

  #operatorOf(action: Action, objects: readonly number[]): GroundOperator {
    const key = `${action.index} ${objects.join(" ")}`;
    let operator = this.#operators.get(key);
    if (!operator) {
      operator = new GroundOperator(
        action,
        objects,
        this.#commandOf(action, objects),
        action.effects.every(({ predicate }) => !this.#isRead[predicate]),
        this,
      );
      this.#operators.set(key, operator);
    }
    return operator;
  }
}

/** Whether literals that hold make it certain that a condition does not. */
function isRefuted(condition: GroundFormula, literals: readonly number[]): boolean {
  if (typeof condition === "boolean") return !condition;
  if (typeof condition === "number") return literals.includes(condition ^ 1);
  return condition.kind === "and"
    ? condition.parts.some((part) => isRefuted(part, literals))
    : condition.parts.every((part) => isRefuted(part, literals));
}

function compareOperators(a: GroundOperator, b: GroundOperator): number {
  if (a === b) return 0;
  if (a.command !== b.command) return compareCodePoints(a.command, b.command);
  if (a.schema !== b.schema) return a.schema.index - b.schema.index;
  for (let i = 0; i < a.objects.length; i++) {
    const difference = a.objects[i]! - b.objects[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function merge(a: readonly GroundOperator[], b: readonly GroundOperator[]): GroundOperator[] {
  const merged: GroundOperator[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const order = compareOperators(a[i]!, b[j]!);
    if (order <= 0) merged.push(a[i++]!);
    else merged.push(b[j++]!);
    // The same operator may be listed under two facts.
    if (order === 0) j++;
  }
  while (i < a.length) merged.push(a[i++]!);
  while (j < b.length) merged.push(b[j++]!);
  return merged;
}
