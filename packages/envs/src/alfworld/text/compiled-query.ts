import type { Domain } from "../pddl/domain.ts";
import type { QueryAtom } from "./query.ts";
import { type Scope, type TextContext, isTrue, wasDeleted } from "./text-context.ts";

interface CompiledAtom {
  /** Index of the predicate; -1 if no fact can match. */
  readonly predicate: number;
  readonly flag: number;
  /** Slot of each argument, and the required type if the variable is bound here. */
  readonly terms: readonly { readonly slot: number; readonly type: number | undefined }[];
  /** Position of an argument whose variable is already bound, or -1. */
  readonly position: number;
}

/** Query that is compiled for given variables in scope. */
export interface CompiledQuery {
  /** Visits the answers in order, until the visitor returns true. */
  readonly each: (objects: number[], context: TextContext, visit: () => boolean) => boolean;
  readonly hasAnswer: (objects: number[], context: TextContext) => boolean;
  /** Variables in scope within an answer. */
  readonly inner: Scope;
}

/**
 * Compiles a query. Answers are in nested order: for each conjunct in turn, the matching facts
 * sorted by the ids of their arguments. Variables in scope keep their object; each new variable is
 * bound to an object of its type to which no other variable is bound.
 */
export function compileQuery(
  parsed: readonly QueryAtom[],
  scope: Scope,
  domain: Domain,
): CompiledQuery {
  const inner = [...scope];
  const atoms = parsed.map((atom) => compileAtom(atom, inner, domain));
  const answer = (
    at: number,
    objects: number[],
    context: TextContext,
    visit: () => boolean,
  ): boolean => {
    const atom = atoms[at];
    if (!atom) return visit();
    const { predicate, flag, terms, position } = atom;
    if (predicate < 0) return false;
    const { facts, flags } = context;
    const { flat } =
      position < 0
        ? facts.all(predicate)
        : facts.allWith(predicate, position, objects[terms[position]!.slot]!);
    const width = terms.length + 1;
    for (let i = 0; i < flat.length; i += width) {
      const id = flat[i]!;
      if (id >= 0 ? (flags[id]! & flag) === 0 : flag !== isTrue) continue;
      if (!bind(terms, flat, i + 1, objects, context, domain)) continue;
      if (answer(at + 1, objects, context, visit)) return true;
    }
    return false;
  };
  const stop = (): boolean => true;
  return {
    each: (objects, context, visit) => answer(0, objects, context, visit),
    hasAnswer: (objects, context) => answer(0, objects, context, stop),
    inner,
  };
}

/** Compiles a conjunct, and adds the new variables to the scope. */
function compileAtom(
  { predicate: name, variables }: QueryAtom,
  scope: { name: string; type: string }[],
  { predicates, types, isChangeable }: Domain,
): CompiledAtom {
  let predicate = predicates.get(name);
  let flag = isTrue;
  if (!predicate && name.startsWith("not_")) {
    predicate = predicates.get(name.slice(4));
    flag = wasDeleted;
    if (predicate && !isChangeable[predicate.index]) predicate = undefined;
  }
  const numOuter = scope.length;
  let position = -1;
  const terms = variables.map((variable, at) => {
    const known = scope.findIndex(
      (other) => other.name === variable.name && other.type === variable.type,
    );
    if (known >= 0) {
      if (position < 0 && known < numOuter) position = at;
      return { slot: known, type: undefined };
    }
    const type = types.find(variable.type);
    if (type === undefined) predicate = undefined; // no object has this type
    return { slot: scope.push(variable) - 1, type };
  });
  const fits = predicate?.arity === variables.length;
  return { predicate: fits ? predicate!.index : -1, flag, terms, position };
}

/**
 * Binds new variables to the objects of a fact, which start at an offset in a flat list. Each must
 * get a different object, of the right type.
 */
function bind(
  terms: CompiledAtom["terms"],
  flat: readonly number[],
  from: number,
  objects: number[],
  { typeOf }: TextContext,
  { types }: Domain,
): boolean {
  for (let i = 0; i < terms.length; i++) {
    const { slot, type } = terms[i]!;
    const object = flat[from + i]!;
    if (type === undefined) {
      if (objects[slot] !== object) return false;
      continue;
    }
    for (let other = 0; other < slot; other++) if (objects[other] === object) return false;
    const own = typeOf[object]!;
    if (own !== type && !types.isKindOf(own, type)) return false;
    objects[slot] = object;
  }
  return true;
}
