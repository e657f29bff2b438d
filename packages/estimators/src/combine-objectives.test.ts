import { crossEntropy } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { clippedSurrogate } from "./clipped-surrogate.ts";
import { addObjectives, scaleObjective } from "./combine-objectives.ts";
import { klPenalty } from "./kl-penalty.ts";
import { evaluatePlain } from "./testing/evaluate.ts";

const inputs = {
  newLogProbs: [[-1, -2]],
  weights: [[0.5, 0.5]],
  fields: {
    oldLogProbs: [[-1, -2]],
    advantages: [[1, 1]],
    referenceLogProbs: [[-1.5, -1.2]],
  },
};

describe("scaleObjective", () => {
  it("scales the loss and keeps the metrics", () => {
    const { loss, metrics } = evaluatePlain(
      scaleObjective(0.5, klPenalty({ estimator: "k2" })),
      inputs,
    );
    expect(loss).toBeCloseTo(0.5 * 0.2225, 12);
    expect(metrics["referenceKl"]).toBeCloseTo(0.2225, 12);
  });

  it("names the invalid argument", () => {
    expect(() => scaleObjective(Number.NaN, crossEntropy)).toThrow(
      "scaleObjective: coefficient must be finite, got NaN",
    );
  });
});

describe("addObjectives", () => {
  it("adds losses and joins needs, metrics and names", () => {
    const objective = addObjectives(
      clippedSurrogate(),
      scaleObjective(0.01, klPenalty({ estimator: "k2" })),
    );
    const { loss, metrics } = evaluatePlain(objective, inputs);
    expect(loss).toBeCloseTo(-1 + 0.01 * 0.2225, 12);
    expect(metrics["weight"]).toBe(1);
    expect(metrics["clipFraction"]).toBe(0);
    expect(objective.needs).toEqual(["oldLogProbs", "advantages", "referenceLogProbs"]);
    expect(objective.name).toMatch(/^clipped-surrogate\(.*\) \+ 0\.01 \* kl-penalty\(.*\)$/);
  });

  it("refuses two metrics of one name", () => {
    expect(() =>
      evaluatePlain(addObjectives(klPenalty(), klPenalty({ estimator: "k1" })), inputs),
    ).toThrow(
      "addObjectives: kl-penalty(estimator=k1,gradient=own,correction=none) must not report referenceKl, which another objective reports",
    );
  });

  it("refuses an empty sum", () => {
    expect(() => addObjectives()).toThrow(
      "addObjectives: objectives must not be empty, got length 0",
    );
  });
});
