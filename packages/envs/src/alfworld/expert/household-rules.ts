import { parseDomain, type Action, type Domain } from "../pddl/domain.ts";
import type { Term } from "../pddl/formula.ts";
import { householdDomain } from "../generator/household-domain.ts";

/** Predicates on which household plans depend. Only actions of `householdDomain` may change them. */
const plannedPredicates: ReadonlySet<string> = new Set([
  "atlocation",
  "receptacleatlocation",
  "inreceptacle",
  "opened",
  "holds",
  "holdsany",
  "isclean",
  "ishot",
  "iscool",
  "istoggled",
  "objecttype",
  "receptacletype",
  "cancontain",
  "openable",
  "pickupable",
  "cleanable",
  "heatable",
  "coolable",
  "toggleable",
]);

/** Describes preconditions and effects of an action on these predicates, as text for comparison. */
function describeRules(action: Action, domain: Domain): string | undefined {
  const term = (value: Term): string =>
    value < 0
      ? domain.names[~value]!
      : `?${action.parameters[value]?.name ?? `inner${action.slotTypes[value]!}`}`;
  const atom = (predicate: number, terms: readonly Term[], isNegated: boolean): string =>
    `${isNegated ? "not " : ""}${domain.predicateList[predicate]!.name}(${terms.map(term).join()})`;
  const effects = action.effects
    .filter(({ predicate }) => plannedPredicates.has(domain.predicateList[predicate]!.name))
    .map(
      ({ predicate, terms, isDelete, condition, slots }) =>
        `${condition || slots.length > 0 ? "sometimes " : ""}${atom(predicate, terms, isDelete)}`,
    );
  if (effects.length === 0) return undefined;
  const cases = action.cases.map(({ literals, equalities, rest }) =>
    [
      ...literals.map(({ predicate, terms, isNegated }) => atom(predicate, terms, isNegated)),
      ...[...equalities, ...rest].map((part) => JSON.stringify(part)),
    ]
      .sort()
      .join(" "),
  );
  return `${action.name}: ${effects.sort().join(" ")} if ${cases.sort().join(" or ")}`;
}

/** Describes the rules of a domain, in order. */
function domainRules(domain: Domain): string {
  const rules = domain.actions.map((action) => describeRules(action, domain));
  return rules
    .filter((rule) => rule !== undefined)
    .sort()
    .join("\n");
}

let rulesOfHouseholds: string | undefined;
const known = new WeakMap<Domain, boolean>();

/**
 * True if a domain has the actions of a household, so that `householdPlan` finds shortest
 * plans. This holds for all released versions and for generated games.
 */
export function hasHouseholdRules(domain: Domain): boolean {
  let answer = known.get(domain);
  if (answer === undefined) {
    rulesOfHouseholds ??= domainRules(parseDomain(householdDomain, "household domain"));
    answer = domainRules(domain) === rulesOfHouseholds;
    known.set(domain, answer);
  }
  return answer;
}
