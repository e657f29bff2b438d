import { compileModulator, type ModulatorRecord } from "@turnwise/aem";
import type { LearnerCapabilities } from "@turnwise/core";
import { actionRoles } from "@turnwise/envs";
import { compileAlgorithm, grpo, ppo, type Algorithm } from "@turnwise/estimators";
import { describe, expect, it } from "vitest";
import { checkNeeds } from "./check-needs.ts";

const plain: Algorithm = { ...grpo, kl: { kind: "none" } };
interface Matched {
  readonly algorithm?: Algorithm;
  readonly roles?: boolean;
  readonly values?: boolean;
  readonly reference?: unknown;
}
const check = (
  modulation: ModulatorRecord,
  entropies: LearnerCapabilities["entropies"],
  { algorithm = plain, roles = false, values = false, reference }: Matched = {},
): void =>
  checkNeeds({
    algorithm: compileAlgorithm(algorithm),
    modulator: compileModulator(modulation),
    learner: { capabilities: { entropies, values, customObjectives: true, maxSequenceTokens: 9 } },
    reference,
    format: roles ? { roles: actionRoles } : {},
  });

describe("a combination that learner or format cannot support is refused", () => {
  it.for([
    [{ kind: "aem" }, "none", /^modulation: .* needs a learner that reports entropies or log-/u],
    [{ kind: "aem", unit: "token" }, "surprisal", /needs a learner that reports the entropy of/u],
    [{ kind: "act-focus" }, "exact", /needs a format that marks reasoning and action/u],
    [{ kind: "random" }, "none", /^modulation: random.* needs a learner that reports/u],
  ] as const)("%j with entropies %s", ([modulation, entropies, message]) => {
    expect(() => check(modulation, entropies)).toThrow(message);
  });

  it("and others are accepted", () => {
    check({ kind: "none" }, "none");
    check({ kind: "aem" }, "surprisal");
    check({ kind: "aem", unit: "token" }, "exact");
    check({ kind: "act-focus" }, "exact", { roles: true });
  });

  it("by the algorithm's needs", () => {
    const none = { kind: "none" } as const;
    const withKl = { ...ppo, kl: grpo.kl };
    expect(() => check(none, "exact", { algorithm: withKl, reference: {} })).toThrow(
      "algorithm: learner must train a value head, got a learner without one",
    );
    expect(() => check(none, "exact", { algorithm: grpo })).toThrow(
      "algorithm: policy must keep a reference policy for the KL divergence, got none",
    );
    const bonus = { ...plain, entropyBonus: { kind: "bonus", coefficient: 0.1 } } as const;
    expect(() => check(none, "surprisal", { algorithm: bonus })).toThrow(
      "algorithm: learner must report entropies for the entropy bonus, got a learner that reports surprisals only",
    );
    check(none, "exact", { algorithm: withKl, values: true, reference: {} });
  });
});
