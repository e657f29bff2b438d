import { describe, expect, it } from "vitest";

import { householdDomain } from "../generator/household-domain.ts";
import { parseDomain } from "../pddl/domain.ts";
import { hasHouseholdRules } from "./household-rules.ts";

function hasRules(text: string): boolean {
  return hasHouseholdRules(parseDomain(text, "test"));
}

describe("hasHouseholdRules", () => {
  it("knows the rules however the domain is laid out", () => {
    expect(hasRules(householdDomain)).toBe(true);
    const renamed = householdDomain
      .replace("(domain household)", "(domain flat)")
      .replace("(and (opened ?r) (checked ?r))", "(and (checked ?r) (opened ?r))");
    expect(hasRules(renamed)).toBe(true);
  });

  it("notices an effect or a condition that differs", () => {
    const change = (from: string, to: string): boolean => {
      expect(householdDomain).toContain(from);
      return hasRules(householdDomain.replace(from, to));
    };
    // Heat that does not end the cold, a fridge that must be open, slices that come to hand.
    expect(change("(and (isHot ?o) (not (isCool ?o)))", "(isHot ?o)")).toBe(false);
    expect(
      change("(receptacleType ?r FridgeType)", "(receptacleType ?r FridgeType) (opened ?r)"),
    ).toBe(false);
    expect(change("(isSliced ?co)", "(and (isSliced ?co) (holds ?a ?co))")).toBe(false);
  });

  it("goes by the names of actions too, for plans name them", () => {
    expect(hasRules(householdDomain.replace("OpenObject", "Unlock"))).toBe(false);
  });

  it("does not mind what has no part in plans", () => {
    expect(hasRules(householdDomain.replace(":effect (checked ?o)", ":effect (isSliced ?o)"))).toBe(
      true,
    );
  });
});
