import type { Case } from "./cases.ts";
import type { Action, Effect } from "./domain.ts";
import type { AtomFormula, EqualFormula } from "./formula.ts";

/** One step towards objects for all variables of a case. */
export type JoinStep =
  /** Go through the facts that fit a literal; `position` has an object already, or is -1. */
  | { readonly kind: "scan"; readonly literal: AtomFormula; readonly position: number }
  /** All terms have objects: the fact must be there, or, for a negated literal, must not. */
  | { readonly kind: "check"; readonly literal: AtomFormula }
  | { readonly kind: "compare"; readonly equality: EqualFormula }
  /** Nothing restricts the variable: go through all objects of its type. */
  | { readonly kind: "members"; readonly slot: number };

/**
 * How to find the bindings of a case that a newly reached fact makes possible: the fact is matched
 * with the trigger, then the steps are taken in turn.
 */
export interface JoinPlan {
  readonly action: Action;
  readonly condition: Case;
  /** `undefined` where no literal can be a trigger: the plan is carried out once, at the start. */
  readonly trigger: AtomFormula | undefined;
  /**
   * Triggers of the same case and predicate that come before this one. The new fact is not to be
   * matched with them: that is another plan's part.
   */
  readonly earlier: readonly AtomFormula[];
  readonly steps: readonly JoinStep[];
  /** Whether some bindings may leave the action without any effect, see `isVain`. */
  readonly mayBeVain: boolean;
  /** For each slot -1: no object yet. */
  readonly unbound: readonly number[];
}

/** The plans of all cases of an action: one for each literal that play can make true. */
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
      mayBeVain: action.effects.every((effect) => mayHoldBefore(effect, action, condition)),
      unbound: action.slotTypes.map(() => -1),
    });
    return triggers.length > 0 ? triggers.map(plan) : [plan(undefined, 0)];
  });
}

/** Whether an effect may be what a case of the precondition requires, or be undone by another. */
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
  // Negated literals of changeable facts are tests of each state.
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

    // The literal with the largest share of bound terms leaves the fewest candidates.
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
