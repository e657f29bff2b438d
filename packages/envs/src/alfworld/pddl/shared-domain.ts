import { RecentCache } from "../recent-cache.ts";
import { type Domain, parseDomain } from "./domain.ts";
import { type JoinPlan, joinPlans } from "./join-plan.ts";

/** What games with one domain share. */
export interface SharedDomain {
  readonly domain: Domain;
  /** By the predicate of their trigger; under -1 those without. */
  readonly plans: ReadonlyMap<number, readonly JoinPlan[]>;
  /** Whether actions keep the number of true facts of a predicate at one, once it is. */
  readonly isKept: readonly boolean[];
}

const domains = new RecentCache<string, SharedDomain>(8);

/**
 * Reads a domain, or takes it from the last few that were read.
 * @param source - What to call it in messages.
 */
export function sharedDomain(text: string, source: string): SharedDomain {
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

/** Whether every action that adds a fact of a predicate takes a true one away, one for one. */
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
