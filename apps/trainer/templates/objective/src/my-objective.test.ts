import { plainOperations } from "@turnwise/core";
import { objectiveLaws } from "@turnwise/estimators/laws";
import { describe, expect, it } from "vitest";
import { createObjective } from "./my-objective.ts";

describe("my-objective", () => {
  it("adds a penalty for changed log-probs to the policy-gradient loss", () => {
    const { loss } = createObjective(2).evaluate(plainOperations, {
      newLogProbs: Float64Array.of(Math.log(0.5)),
      entropies: Float64Array.of(0),
      weights: Float64Array.of(1),
      responses: { ids: Int32Array.of(0), count: 1 },
      fields: {
        oldLogProbs: Float64Array.of(Math.log(0.25)),
        advantages: Float64Array.of(3),
      },
    });
    // Ratio 2: -3 * 2 + 2 / 2 * log(2)^2.
    expect(loss[0]).toBeCloseTo(-6 + Math.log(2) ** 2, 12);
  });

  // The penalty also moves tokens without advantage, so the law about them is not claimed.
  for (const { name, check } of objectiveLaws(createObjective(0.1), [
    "differentiable",
    "policy-gradient",
  ])) {
    it(`law of ${name}`, check);
  }
});
