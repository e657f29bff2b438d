import { describe, expect, it } from "vitest";

import { householdDomain } from "../generator/household-domain.ts";
import { parseDomain } from "../pddl/domain.ts";
import { hasHouseholdRules } from "./household-rules.ts";

function hasRules(text: string): boolean {
  return hasHouseholdRules(parseDomain(text, "test"));
}

describe("hasHouseholdRules", () => {
  it("recognizes the rules in any layout of the domain", () => {
    expect(hasRules(householdDomain)).toBe(true);
    const renamed = householdDomain
      .replace("(domain household)", "(domain flat)")
      .replace("(and (opened ?r) (checked ?r))", "(and (checked ?r) (opened ?r))");
    expect(hasRules(renamed)).toBe(true);
  });

  it("detects a different effect or condition", () => {
    const change = (from: string, to: string): boolean => {
      expect(householdDomain).toContain(from);
      return hasRules(householdDomain.replace(from, to));
    };
    // Changed rules: heating that does not end cooling, a fridge that must be open, slices that can
    // be picked up.
    expect(change("(and (isHot ?o) (not (isCool ?o)))", "(isHot ?o)")).toBe(false);
    expect(
      change("(receptacleType ?r FridgeType)", "(receptacleType ?r FridgeType) (opened ?r)"),
    ).toBe(false);
    expect(change("(isSliced ?co)", "(and (isSliced ?co) (holds ?a ?co))")).toBe(false);
  });

  it("compares the names of actions too, because plans use them", () => {
    expect(hasRules(householdDomain.replace("OpenObject", "Unlock"))).toBe(false);
  });

  it("ignores rules that plans do not use", () => {
    expect(hasRules(householdDomain.replace(":effect (checked ?o)", ":effect (isSliced ?o)"))).toBe(
      true,
    );
  });
});
