import { RecentCache } from "../recent-cache.ts";
import { type Domain, parseDomain } from "./domain.ts";
import { type JoinPlan, joinPlans } from "./join-plan.ts";

/** Data that games with the same domain share. */
export interface SharedDomain {
  readonly domain: Domain;
  /** Plans by the predicate of their trigger; -1 for plans without a trigger. */
  readonly plans: ReadonlyMap<number, readonly JoinPlan[]>;
  /**
   * True for each predicate with this invariant: once exactly one of its facts is true, actions
   * preserve this.
   */
  readonly isKept: readonly boolean[];
}

const domains = new RecentCache<string, SharedDomain>(8);

/**
 * Parses a domain, or returns it from a cache.
 * @param source - Name of the domain, for messages.
 */
export function findSharedDomain(text: string, source: string): SharedDomain {
  const known = domains.get(text);
  if (known) return known;
  const domain = parseDomain(text, source);
  const plans = new Map<number, JoinPlan[]>();
  for (const action of domain.actions) {
    for (const plan of joinPlans(action, domain.isChangeable)) {
      const key = plan.trigger?.predicate ?? -1;
      const list = plans.get(key);
      if (list) list.push(plan);
      else plans.set(key, [plan]);
    }
  }
  const shared = {
    domain,
    plans,
    isKept: domain.predicateList.map(({ index }) => isKept(index, domain)),
  };
  domains.set(text, shared);
  return shared;
}

/** True if every action that adds a fact of a predicate also deletes a true fact of it. */
function isKept(predicate: number, { actions }: Domain): boolean {
  return actions.every(({ effects, cases }) => {
    const own = effects.filter((effect) => effect.predicate === predicate);
    const adds = own.filter(({ isDelete }) => !isDelete);
    if (adds.length === 0) return true;
    if (own.some(({ slots, condition }) => slots.length > 0 || condition)) return false;
    if (adds.length > 1) return false;
    return own.some(
      ({ isDelete, terms }) =>
        isDelete &&
        cases.every(({ literals }) =>
          literals.some(
            (literal) =>
              literal.predicate === predicate &&
              !literal.isNegated &&
              literal.terms.every((term, i) => term === terms[i]),
          ),
        ),
    );
  });
}
