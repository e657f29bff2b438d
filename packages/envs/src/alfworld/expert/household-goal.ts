import { splitIntoCases } from "../pddl/cases.ts";
import type { Domain } from "../pddl/domain.ts";
import type { AtomFormula, Term } from "../pddl/formula.ts";
import type { Problem } from "../pddl/problem.ts";

/** Predicates and classes of a treatment, such as cleaning. */
export interface Treatment {
  /** Predicate of objects that were treated: `isclean`. */
  readonly predicate: string;
  /** Predicate of objects that can be treated: `cleanable`. */
  readonly ability: string;
  /** Classes of receptacles that perform the treatment: `sinkbasintype`. */
  readonly appliances: readonly string[];
}

/** Goal of one of the six task types. Class names are written as in facts: `mugtype`. */
export type HouseholdGoal =
  | {
      readonly kind: "place";
      readonly objectClass: string;
      readonly receptacleClass: string;
      readonly count: 1 | 2;
      readonly treatment: Treatment | undefined;
    }
  | { readonly kind: "look"; readonly objectClass: string; readonly lampClass: string };

const treatments: readonly Treatment[] = [
  { predicate: "isclean", ability: "cleanable", appliances: ["sinkbasintype", "sinktype"] },
  { predicate: "ishot", ability: "heatable", appliances: ["microwavetype"] },
  { predicate: "iscool", ability: "coolable", appliances: ["fridgetype"] },
];

/**
 * Recognizes the type of a goal by its meaning, independent of its form. Variables are identified
 * by their roles, such as the lamp or the object to hold.
 * @returns `undefined` for any other goal.
 */
export function readHouseholdGoal(problem: Problem, domain: Domain): HouseholdGoal | undefined {
  const cases = splitIntoCases(problem.goal);
  const only = cases[0];
  if (only === undefined || cases.length !== 1 || only.rest.length > 0) return undefined;
  const { literals, equalities } = only;
  if (literals.some(({ isNegated }) => isNegated)) return undefined;
  const remaining = new Set<AtomFormula>(literals);

  /**
   * Removes the literals with a predicate and given arguments from the remaining literals, and
   * returns them.
   */
  const takeAll = (name: string, ...terms: readonly (Term | undefined)[]): AtomFormula[] => {
    const taken = [...remaining].filter(
      (literal) =>
        domain.predicateList[literal.predicate]!.name === name &&
        terms.every((term, i) => term === undefined || literal.terms[i] === term),
    );
    for (const literal of taken) remaining.delete(literal);
    return taken;
  };
  /** Class that literals state; `undefined` if they state none or several. */
  const classIn = (taken: readonly AtomFormula[]): string | undefined => {
    const classes = new Set(
      taken.map(({ terms: [, term = 0] }) =>
        term < 0 ? problem.ids[problem.goalObjects[~term]!] : undefined,
      ),
    );
    return classes.size === 1 ? [...classes][0] : undefined;
  };

  const inside = takeAll("inreceptacle");
  const [object, receptacle] = inside[0]?.terms ?? [];
  if (object === undefined || receptacle === undefined || object < 0 || receptacle < 0) {
    return undefined;
  }

  const toggled = takeAll("istoggled")[0];
  if (toggled !== undefined) {
    const lampClass = classIn(takeAll("objecttype", object));
    const [, location] = takeAll("receptacleatlocation", receptacle)[0]?.terms ?? [];
    takeAll("toggleable", object);
    const isHere =
      location !== undefined && takeAll("atlocation", undefined, location).length === 1;
    const held = takeAll("holds")[0]?.terms[1];
    const objectClass = held === undefined ? undefined : classIn(takeAll("objecttype", held));
    return inside.length === 1 &&
      toggled.terms[0] === object &&
      isHere &&
      remaining.size === 0 &&
      equalities.length === 0 &&
      lampClass !== undefined &&
      objectClass !== undefined
      ? { kind: "look", objectClass, lampClass }
      : undefined;
  }

  const receptacleClass = classIn(takeAll("receptacletype", receptacle));
  const other = inside[1]?.terms[0];
  const objectClass = classIn(takeAll("objecttype", object));
  const otherClass = other === undefined ? objectClass : classIn(takeAll("objecttype", other));
  if (receptacleClass === undefined || objectClass === undefined) return undefined;
  if (other !== undefined) {
    const [difference] = equalities;
    return inside.length === 2 &&
      inside[1]!.terms[1] === receptacle &&
      equalities.length === 1 &&
      difference!.isNegated &&
      new Set([difference!.left, difference!.right, object, other]).size === 2 &&
      object !== other &&
      objectClass === otherClass &&
      remaining.size === 0
      ? { kind: "place", objectClass, receptacleClass, count: 2, treatment: undefined }
      : undefined;
  }
  const treatment = treatments.find(({ predicate }) => takeAll(predicate, object).length > 0);
  const isAble = treatment === undefined || takeAll(treatment.ability, object).length > 0;
  return isAble && remaining.size === 0 && equalities.length === 0
    ? { kind: "place", objectClass, receptacleClass, count: 1, treatment }
    : undefined;
}
