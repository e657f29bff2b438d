import { describe, expect, it } from "vitest";
import { klPenalty, type KlEstimator } from "./kl-penalty.ts";
import { linearize } from "./linearize.ts";
import { evaluatePlain, plainInputs } from "./testing/evaluate.ts";

describe("klPenalty", () => {
  // Values computed by verl for log-probs -1, -2, -3 and reference log-probs -1.5, -1.2, -3.
  it.each<[KlEstimator, number[]]>([
    ["k1", [0.5, -0.8, 0]],
    ["absolute", [0.5, 0.8, 0]],
    ["k2", [0.125, 0.32, 0]],
    ["k3", [0.1065307, 0.4255409, 0]],
  ])("computes verl's %s", (estimator, expected) => {
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

  it("limits the estimate on both sides", () => {
    const far = {
      newLogProbs: [[-1, -9]],
      weights: [[1, 1]],
      fields: { referenceLogProbs: [[-9, -1]] },
    };
    // The k1 estimates are 8 and -8.
    expect(evaluatePlain(klPenalty({ estimator: "k1", limit: 3 }), far).loss).toBe(0);
    const one = { newLogProbs: [[-1]], weights: [[1]], fields: { referenceLogProbs: [[-9]] } };
    expect(evaluatePlain(klPenalty({ estimator: "k1", limit: 3 }), one).loss).toBe(3);
  });

  it("follows the gradient of k2 with the value of k3", () => {
    const inputs = plainInputs({
      newLogProbs: [[-1]],
      weights: [[1]],
      fields: { referenceLogProbs: [[-1.5]] },
    });
    const { loss, newLogProbs } = linearize(klPenalty({ gradient: "k2" }), inputs);
    expect(loss).toBeCloseTo(0.1065307, 7);
    // The derivative of x^2 / 2 at 0.5; for k3 it is 1 - exp(-0.5).
    expect(newLogProbs[0]).toBeCloseTo(0.5, 12);
    expect(linearize(klPenalty(), inputs).newLogProbs[0]).toBeCloseTo(1 - Math.exp(-0.5), 12);
  });

  it("multiplies by the ratio of new to old", () => {
    const { loss } = evaluatePlain(klPenalty({ estimator: "k1", correction: "ratio" }), {
      newLogProbs: [[-1]],
      weights: [[1]],
      fields: { referenceLogProbs: [[-1.5]], oldLogProbs: [[-1 - Math.log(3)]] },
    });
    expect(loss).toBeCloseTo(1.5, 12);
  });

  it("names the invalid argument", () => {
    expect(() => klPenalty({ limit: 0 })).toThrow("klPenalty: limit must be finite and > 0, got 0");
  });
});
