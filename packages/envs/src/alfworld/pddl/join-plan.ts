import type { Case } from "./cases.ts";
import type { Action, Effect } from "./domain.ts";
import type { AtomFormula, EqualFormula } from "./formula.ts";

/** Step of a plan that binds the variables of a case. */
export type JoinStep =
  /**
   * Iterate over the facts that match a literal; `position` is an argument that is already bound,
   * or -1.
   */
  | { readonly kind: "scan"; readonly literal: AtomFormula; readonly position: number }
  /** All terms are bound: check that the fact exists or, for a negated literal, does not. */
  | { readonly kind: "check"; readonly literal: AtomFormula }
  | { readonly kind: "compare"; readonly equality: EqualFormula }
  /** The variable is unrestricted: iterate over all objects of its type. */
  | { readonly kind: "members"; readonly slot: number };

/**
 * Plan for finding the bindings of a case that a newly reached fact enables: match the fact with
 * the trigger, then execute the steps in order.
 */
export interface JoinPlan {
  readonly action: Action;
  readonly condition: Case;
  /**
   * Literal that the new fact must match; `undefined` if the case has no such literal, so that the
   * plan is executed once, at the start.
   */
  readonly trigger: AtomFormula | undefined;
  /**
   * Triggers of earlier plans for the same case and predicate. If the new fact matches one of
   * these, the earlier plan handles it.
   */
  readonly earlier: readonly AtomFormula[];
  readonly steps: readonly JoinStep[];
  /** True if for some bindings the action may have no effect, see `hasNoEffect`. */
  readonly mayHaveNoEffect: boolean;
  /** Initial binding: -1 (unbound) for each slot. */
  readonly unbound: readonly number[];
}

/** Creates the plans of all cases of an action, one for each literal that can become true. */
export function joinPlans(action: Action, isChangeable: readonly boolean[]): JoinPlan[] {
  return action.cases.flatMap((condition) => {
    const triggers = condition.literals.filter(
      (literal) => !literal.isNegated && isChangeable[literal.predicate],
    );
    const plan = (trigger: AtomFormula | undefined, index: number): JoinPlan => ({
      action,
      condition,
      trigger,
      earlier: triggers
        .slice(0, index)
        .filter((literal) => literal.predicate === trigger!.predicate),
      steps: orderSteps(action, condition, trigger, isChangeable),
      mayHaveNoEffect: action.effects.every((effect) => mayHoldBefore(effect, action, condition)),
      unbound: action.slotTypes.map(() => -1),
    });
    return triggers.length > 0 ? triggers.map(plan) : [plan(undefined, 0)];
  });
}

/**
 * True if an effect may have no effect: a case of the precondition may already require it, or
 * another effect may undo it.
 */
function mayHoldBefore(
  { predicate, isDelete, condition, slots }: Effect,
  { effects }: Action,
  { literals }: Case,
): boolean {
  if (condition || slots.length > 0) return true;
  const isRequired = literals.some(
    (literal) => literal.predicate === predicate && literal.isNegated === isDelete,
  );
  return (
    isRequired ||
    (isDelete && effects.some((other) => other.predicate === predicate && !other.isDelete))
  );
}

function orderSteps(
  action: Action,
  condition: Case,
  trigger: AtomFormula | undefined,
  isChangeable: readonly boolean[],
): JoinStep[] {
  const bound = new Set(trigger?.terms);
  const isBound = (term: number): boolean => term < 0 || bound.has(term);
  const slots = [...action.parameters.keys(), ...condition.slots];
  const steps: JoinStep[] = [];
  let equalities = [...condition.equalities];
  // Exclude negated literals of changeable facts, which are tested in each state.
  let literals = condition.literals.filter(
    (literal) => literal !== trigger && !(literal.isNegated && isChangeable[literal.predicate]),
  );
  for (;;) {
    for (const equality of equalities) {
      if (isBound(equality.left) && isBound(equality.right)) {
        steps.push({ kind: "compare", equality });
      }
    }
    equalities = equalities.filter(({ left, right }) => !(isBound(left) && isBound(right)));
    for (const literal of literals) {
      if (literal.terms.every(isBound)) steps.push({ kind: "check", literal });
    }
    literals = literals.filter((literal) => !literal.terms.every(isBound));

    // Choose the literal with the largest share of bound terms, which leaves the fewest candidates.
    let best: AtomFormula | undefined;
    let bestScore = -1;
    for (const literal of literals) {
      if (literal.isNegated) continue;
      const numBound = literal.terms.filter(isBound).length;
      const score = numBound / literal.terms.length;
      if (score > bestScore) {
        best = literal;
        bestScore = score;
      }
    }
    if (best) {
      steps.push({ kind: "scan", literal: best, position: best.terms.findIndex(isBound) });
      for (const term of best.terms) if (term >= 0) bound.add(term);
      continue;
    }
    const slot = slots.find((candidate) => !bound.has(candidate));
    if (slot === undefined) return steps;
    steps.push({ kind: "members", slot });
    bound.add(slot);
  }
}
