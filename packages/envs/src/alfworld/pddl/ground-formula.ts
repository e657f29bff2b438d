import type { FactTable } from "./facts.ts";
import { type AtomFormula, type Formula, type Term, negate } from "./formula.ts";

/**
 * Condition on the changeable facts of one game. A number is a literal: `id * 2` if the fact must
 * be true, `id * 2 + 1` if it must be false.
 */
export type GroundFormula =
  | number
  | boolean
  | { readonly kind: "and" | "or"; readonly parts: readonly GroundFormula[] };

/** True if a bit set contains a fact; facts beyond its length are not contained. */
export function hasBit(bits: readonly number[], id: number): boolean {
  return ((bits[id >> 5]! >>> (id & 31)) & 1) === 1;
}

/** True if a condition holds for the facts in a bit set. */
export function holdsIn(formula: GroundFormula, bits: readonly number[]): boolean {
  if (typeof formula === "number") return hasBit(bits, formula >> 1) === ((formula & 1) === 0);
  if (typeof formula === "boolean") return formula;
  const { parts } = formula;
  if (formula.kind === "and") {
    for (let i = 0; i < parts.length; i++) if (!holdsIn(parts[i]!, bits)) return false;
    return true;
  }
  for (let i = 0; i < parts.length; i++) if (holdsIn(parts[i]!, bits)) return true;
  return false;
}

/** Simplified conjunction or disjunction of conditions. */
export function combine(kind: "and" | "or", parts: readonly GroundFormula[]): GroundFormula {
  const neutral = kind === "and";
  const kept: GroundFormula[] = [];
  for (const part of parts) {
    if (part === !neutral) return part;
    if (part !== neutral) kept.push(part);
  }
  return kept.length === 0 ? neutral : kept.length === 1 ? kept[0]! : { kind, parts: kept };
}

/** Context of a game that {@link groundFormula} needs. */
export interface GroundContext {
  readonly facts: FactTable;
  readonly isChangeable: readonly boolean[];
  /** Object for each name to which terms refer. */
  readonly objects: readonly number[];
  /** Objects that the variable in a slot may be bound to. */
  members(slot: number): readonly number[];
  /** True if the variable in a slot may be bound to an object. */
  isMember(slot: number, object: number): boolean;
  /** Counts one step of the search. @throws If there were too many steps. */
  count(): void;
}

/**
 * Replaces the variables of a formula by objects: bound variables by their value in `binding`
 * (indexed by slot, -1 for unbound), variables of quantifiers by all relevant objects. Facts that
 * never change are evaluated, so that only conditions on changeable facts remain.
 */
export function groundFormula(
  formula: Formula,
  binding: number[],
  context: GroundContext,
): GroundFormula {
  switch (formula.kind) {
    case "atom":
      return groundAtom(formula, binding, context);
    case "equal": {
      const left = getObject(formula.left, binding, context);
      return (left === getObject(formula.right, binding, context)) !== formula.isNegated;
    }
    case "and":
    case "or": {
      const parts: GroundFormula[] = [];
      for (const part of formula.parts) {
        const ground = groundFormula(part, binding, context);
        if (ground === (formula.kind === "or")) return ground;
        parts.push(ground);
      }
      return combine(formula.kind, parts);
    }
    case "exists":
      return groundExists(formula.slots, [formula.body], binding, context);
    default:
      return negateGround(groundExists(formula.slots, [negate(formula.body)], binding, context));
  }
}

function getObject(term: Term, binding: readonly number[], context: GroundContext): number {
  return term >= 0 ? binding[term]! : context.objects[~term]!;
}

function groundAtom(
  { predicate, terms, isNegated }: AtomFormula,
  binding: readonly number[],
  { facts, isChangeable, objects }: GroundContext,
): GroundFormula {
  const args = terms.map((term) => (term >= 0 ? binding[term]! : objects[~term]!));
  // Atoms with a name that is not an object are false.
  if (args.some((object) => object < 0)) return isNegated;
  if (!isChangeable[predicate]) {
    return (facts.find(predicate, args) !== undefined) !== isNegated;
  }
  return facts.intern(predicate, args).id * 2 + (isNegated ? 1 : 0);
}

/**
 * Grounds an existential quantification: true if some objects for the slots make all parts true.
 */
function groundExists(
  slots: readonly number[],
  parts: readonly Formula[],
  binding: number[],
  context: GroundContext,
): GroundFormula {
  context.count();
  // Flatten conjunctions, and evaluate first the parts whose variables are all bound.
  const settled: GroundFormula[] = [];
  const open: Formula[] = [];
  const pending = [...parts].reverse();
  const free = [...slots];
  for (let part = pending.pop(); part; part = pending.pop()) {
    if (part.kind === "and") {
      for (let i = part.parts.length - 1; i >= 0; i--) pending.push(part.parts[i]!);
    } else if (part.kind === "exists") {
      free.push(...part.slots);
      pending.push(part.body);
    } else if (isBound(part, binding)) {
      const ground = groundFormula(part, binding, context);
      if (ground === false) return false;
      settled.push(ground);
    } else {
      open.push(part);
    }
  }

  // Then evaluate unchangeable facts, the most selective first.
  let best: AtomFormula | undefined;
  let bestScore = -1;
  for (const part of open) {
    if (part.kind !== "atom" || part.isNegated || context.isChangeable[part.predicate]) continue;
    const numBound = part.terms.filter((term) => term < 0 || binding[term]! >= 0).length;
    const score = numBound / part.terms.length;
    if (score > bestScore) {
      best = part;
      bestScore = score;
    }
  }
  const branches: GroundFormula[] = [];
  if (best) {
    const rest = open.filter((part) => part !== best);
    for (const { objects } of candidates(best, binding, context)) {
      const bound = bind(best.terms, objects, binding, context);
      if (bound) {
        branches.push(groundExists(free, rest, binding, context));
        for (const slot of bound) binding[slot] = -1;
      }
      if (branches.at(-1) === true) break;
    }
    return combine("and", [...settled, combine("or", branches)]);
  }
  const slot = free.find((candidate) => binding[candidate]! < 0);
  if (slot === undefined) return combine("and", settled);
  for (const object of context.members(slot)) {
    binding[slot] = object;
    const branch = groundExists(free, open, binding, context);
    binding[slot] = -1;
    branches.push(branch);
    if (branch === true) break;
  }
  return combine("and", [...settled, combine("or", branches)]);
}

function isBound(formula: Formula, binding: readonly number[]): boolean {
  switch (formula.kind) {
    case "atom":
      return formula.terms.every((term) => term < 0 || binding[term]! >= 0);
    case "equal":
      return [formula.left, formula.right].every((term) => term < 0 || binding[term]! >= 0);
    case "and":
    case "or":
      return formula.parts.every((part) => isBound(part, binding));
    default: {
      // Grounding the inner formula binds the variables of its quantifier.
      const inner = [...binding];
      for (const slot of formula.slots) inner[slot] = 0;
      return isBound(formula.body, inner);
    }
  }
}

function candidates(
  { predicate, terms }: AtomFormula,
  binding: readonly number[],
  context: GroundContext,
): readonly { readonly objects: readonly number[] }[] {
  for (let position = 0; position < terms.length; position++) {
    const term = terms[position]!;
    const object = term >= 0 ? binding[term]! : context.objects[~term]!;
    if (object >= 0) return context.facts.allWith(predicate, position, object).facts;
    if (term < 0) return []; // the name is not an object
  }
  return context.facts.all(predicate).facts;
}

/**
 * Binds the unbound variables among the terms to the objects of a fact.
 * @returns The slots that were bound; `undefined` if the fact does not match, in which case nothing
 *   is bound.
 */
function bind(
  terms: readonly Term[],
  objects: readonly number[],
  binding: number[],
  context: GroundContext,
): number[] | undefined {
  const bound: number[] = [];
  for (let i = 0; i < terms.length; i++) {
    const term = terms[i]!;
    const object = objects[i]!;
    const present = term >= 0 ? binding[term]! : context.objects[~term]!;
    if (present === object) continue;
    if (present >= 0 || term < 0 || !context.isMember(term, object)) {
      for (const slot of bound) binding[slot] = -1;
      return undefined;
    }
    binding[term] = object;
    bound.push(term);
  }
  return bound;
}

function negateGround(formula: GroundFormula): GroundFormula {
  if (typeof formula === "boolean") return !formula;
  if (typeof formula === "number") return formula ^ 1;
  return {
    kind: formula.kind === "and" ? "or" : "and",
    parts: formula.parts.map((part) => negateGround(part)),
  };
}
