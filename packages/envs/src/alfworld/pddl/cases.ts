import type { AtomFormula, EqualFormula, Formula } from "./formula.ts";

/**
 * One way to satisfy a precondition: a conjunction of literals, equalities and other formulas.
 * Variables of `exists` are variables of the case.
 */
export interface Case {
  /** Slots of variables that are not parameters of the action. */
  readonly slots: readonly number[];
  readonly literals: readonly AtomFormula[];
  readonly equalities: readonly EqualFormula[];
  /** Other formulas: `forall`, and disjunctions with too many cases. */
  readonly rest: readonly Formula[];
}

const always: Case = { slots: [], literals: [], equalities: [], rest: [] };

// Maximum number of cases, which multiply; the actions of real domains have at most four.
const maxCases = 64;

/** Splits a condition into cases, at least one of which must hold. */
export function splitIntoCases(formula: Formula): Case[] {
  switch (formula.kind) {
    case "atom":
      return [{ ...always, literals: [formula] }];
    case "equal":
      return [{ ...always, equalities: [formula] }];
    case "forall":
      return [{ ...always, rest: [formula] }];
    case "exists":
      return splitIntoCases(formula.body).map((inner) => ({
        ...inner,
        slots: [...formula.slots, ...inner.slots],
      }));
    case "or": {
      const cases = formula.parts.flatMap((part) => splitIntoCases(part));
      return cases.length <= maxCases ? cases : [{ ...always, rest: [formula] }];
    }
    default:
      return formula.parts.reduce<Case[]>(
        (cases, part) => {
          const split = splitIntoCases(part);
          return cases.length * split.length <= maxCases
            ? cases.flatMap((one) => split.map((other) => mergeCases(one, other)))
            : cases.map((one) => ({ ...one, rest: [...one.rest, part] }));
        },
        [always],
      );
  }
}

function mergeCases(one: Case, other: Case): Case {
  return {
    slots: [...one.slots, ...other.slots],
    literals: [...one.literals, ...other.literals],
    equalities: [...one.equalities, ...other.equalities],
    rest: [...one.rest, ...other.rest],
  };
}
