import type { Case } from "./cases.ts";
import type { Effect } from "./domain.ts";
import type { AtomFormula, Term } from "./formula.ts";
import { type GroundContext, type GroundFormula, groundFormula } from "./ground-formula.ts";

/** Effect on one fact, with a condition on the previous state. */
export interface ConditionalEffect {
  readonly condition: GroundFormula;
  readonly id: number;
  readonly isDelete: boolean;
}

/** Effects of an operator on facts. */
export interface GroundEffects {
  /** Facts that the operator makes true. */
  readonly adds: readonly number[];
  /** Facts that the operator makes false. */
  readonly deletes: readonly number[];
  readonly conditional: readonly ConditionalEffect[];
}

const none: readonly never[] = [];

/** Collects the literals of a case on changeable facts, as in {@link GroundFormula}. */
export function groundLiterals(
  literals: readonly AtomFormula[],
  binding: readonly number[],
  context: GroundContext,
): number[] {
  const ground: number[] = [];
  for (const { predicate, terms, isNegated } of literals) {
    if (!context.isChangeable[predicate]) continue;
    const { id } = context.facts.intern(predicate, listObjects(terms, binding, context));
    ground.push(id * 2 + (isNegated ? 1 : 0));
  }
  return ground;
}

/** Objects to which an atom's terms are bound. */
export function listObjects(
  terms: readonly Term[],
  binding: readonly number[],
  { objects }: GroundContext,
): number[] {
  const found: number[] = [];
  for (let i = 0; i < terms.length; i++) {
    const term = terms[i]!;
    found.push(term >= 0 ? binding[term]! : objects[~term]!);
  }
  return found;
}

/**
 * Computes those effects of an action that can change a state in which the given literals hold. A
 * fact that is certainly added is not deleted.
 * @param literals - Literals as in {@link GroundFormula}.
 */
export function groundEffects(
  effects: readonly Effect[],
  binding: number[],
  literals: readonly number[],
  context: GroundContext,
): GroundEffects {
  const adds: number[] = [];
  const deletes: number[] = [];
  const conditional: ConditionalEffect[] = [];
  const collect = (effect: Effect, at: number): void => {
    if (at < effect.slots.length) {
      const slot = effect.slots[at]!;
      for (const object of context.members(slot)) {
        binding[slot] = object;
        collect(effect, at + 1);
      }
      binding[slot] = -1;
      return;
    }
    context.count();
    const { isDelete } = effect;
    const { id } = context.facts.intern(
      effect.predicate,
      listObjects(effect.terms, binding, context),
    );
    const condition = effect.condition ? groundFormula(effect.condition, binding, context) : true;
    if (condition === true) (isDelete ? deletes : adds).push(id);
    else if (!isRefuted(condition, literals)) conditional.push({ condition, id, isDelete });
  };
  for (const effect of effects) collect(effect, 0);

  // Adding a fact that is certainly true, or deleting one that is certainly false, has no effect.
  const isIdle = (id: number, isDelete: boolean): boolean =>
    literals.includes(id * 2 + (isDelete ? 1 : 0)) || (isDelete && adds.includes(id));
  return {
    adds: adds.filter((id) => !isIdle(id, false)),
    deletes: deletes.filter((id) => !isIdle(id, true)),
    conditional:
      conditional.length === 0
        ? none
        : conditional.filter(({ id, isDelete }) => !isIdle(id, isDelete)),
  };
}

/**
 * True if an action never changes anything when a case of its precondition holds, whatever other
 * facts hold. Such operators are not created; for example, the agent cannot go to its current
 * location.
 */
export function hasNoEffect(
  effects: readonly Effect[],
  { literals }: Case,
  binding: number[],
  context: GroundContext,
): boolean {
  if (effects.some(({ slots, condition }) => slots.length > 0 || condition)) {
    const ground = groundLiterals(literals, binding, context);
    const { adds, deletes, conditional } = groundEffects(effects, binding, ground, context);
    return adds.length + deletes.length + conditional.length === 0;
  }
  return effects.every(
    (effect) =>
      literals.some(
        (literal) =>
          literal.isNegated === effect.isDelete && isSame(literal, effect, binding, context),
      ) ||
      (effect.isDelete &&
        effects.some((other) => !other.isDelete && isSame(other, effect, binding, context))),
  );
}

/** True if two atoms refer to the same fact. */
function isSame(
  a: AtomFormula | Effect,
  b: AtomFormula | Effect,
  binding: readonly number[],
  { objects }: GroundContext,
): boolean {
  if (a.predicate !== b.predicate) return false;
  for (let i = 0; i < a.terms.length; i++) {
    const [left, right] = [a.terms[i]!, b.terms[i]!];
    const object = left >= 0 ? binding[left]! : objects[~left]!;
    if (object !== (right >= 0 ? binding[right]! : objects[~right]!)) return false;
  }
  return true;
}

/** True if the given literals imply that a condition does not hold. */
function isRefuted(condition: GroundFormula, literals: readonly number[]): boolean {
  if (typeof condition === "boolean") return !condition;
  if (typeof condition === "number") return literals.includes(condition ^ 1);
  return condition.kind === "and"
    ? condition.parts.some((part) => isRefuted(part, literals))
    : condition.parts.every((part) => isRefuted(part, literals));
}
