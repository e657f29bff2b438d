import { describe, expect, it } from "vitest";
import { klPenalty, type KlEstimator } from "./kl-penalty.ts";
import { evaluatePlain } from "./testing/evaluate.ts";

describe("klPenalty", () => {
  // verl's values for log-probs -1, -2, -3 against -1.5, -1.2, -3.
  it.each<[KlEstimator, number[]]>([
    ["k1", [0.5, -0.8, 0]],
    ["k2", [0.125, 0.32, 0]],
    ["k3", [0.1065307, 0.4255409, 0]],
  ])("gives verl's %s", (estimator, expected) => {
    expected.forEach((value, token) => {
      const { loss, metrics } = evaluatePlain(klPenalty({ estimator }), {
        newLogProbs: [[-1, -2, -3]],
        weights: [[0, 1, 2].map((index) => (index === token ? 1 : 0))],
        fields: { referenceLogProbs: [[-1.5, -1.2, -3]] },
      });
      expect(loss).toBeCloseTo(value, 7);
      expect(metrics["referenceKl"]).toBe(loss);
    });
  });

  it("limits the exponent of k3", () => {
    const { loss } = evaluatePlain(klPenalty(), {
      newLogProbs: [[-9000]],
      weights: [[1]],
      fields: { referenceLogProbs: [[0]] },
    });
    expect(loss).toBeCloseTo(Math.exp(20) - 9001, 0);
  });
});
