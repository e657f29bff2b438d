import type { Objective } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { cispoSurrogate } from "./cispo-surrogate.ts";
import { clippedSurrogate } from "./clipped-surrogate.ts";
import { geometricMeanSurrogate } from "./geometric-mean-surrogate.ts";
import { linearize } from "./linearize.ts";
import { sapoSurrogate } from "./sapo-surrogate.ts";
import { evaluatePlain, goldenBatch, lowerLogProbs, plainInputs } from "./testing/evaluate.ts";
import { valueLoss } from "./value-loss.ts";

/** Loss and gradient computed by verl's code for `goldenBatch`, in float32. */
const golden: readonly {
  readonly title: string;
  readonly objective: Objective;
  readonly loss: number;
  readonly clipFraction?: number;
  readonly slopes?: readonly number[];
}[] = [
  {
    title: "two clip bounds and dual clip",
    objective: clippedSurrogate({ clipLow: 0.2, clipHigh: 0.28, dualClip: 3 }),
    loss: 0.7775,
    clipFraction: 0.25,
    slopes: [0, -0.0625, -0.1375, 0, 0, 0.1625, 0.125, 0],
  },
  {
    title: "GSPO",
    objective: clippedSurrogate({
      clipLow: 3e-4,
      clipHigh: 4e-4,
      ratioLevel: "response-token",
      logRatioLimits: [-Infinity, 10],
    }),
    loss: 0.523578,
    clipFraction: 0.375,
    slopes: [0, 0, 0, 0.168476, 0.182563, 0.182563, 0.182563, 0.182563],
  },
  {
    title: "SAPO",
    objective: sapoSurrogate(),
    loss: 0.877575,
    slopes: [-0.176253, -0.058751, -0.137157, 0.078806, 0.085365, 0.158535, 0.125, 0.036389],
  },
  {
    title: "CISPO",
    objective: cispoSurrogate({ minRatio: 0.8, maxRatio: 1.28 }),
    loss: -0.375537,
    clipFraction: 0.75,
    slopes: [-0.16, -0.1, -0.1375, 0.16, 0.1, 0.16, 0.125, 0.16],
  },
  {
    title: "GMPO",
    objective: geometricMeanSurrogate({ clipLow: 0.2, clipHigh: 0.28 }),
    loss: 0.432875,
    clipFraction: 0.25,
  },
];

describe("objectives on verl's golden batch", () => {
  it.each(golden)(
    "computes verl's loss and gradient: $title",
    ({ objective, loss, clipFraction, slopes }) => {
      const plain = evaluatePlain(objective, goldenBatch);
      expect(plain.loss).toBeCloseTo(loss, 6);
      expect(plain.metrics["clipFraction"]).toBe(clipFraction);
      // The golden batch gets a ratio of 4 from a log-prob above 0, which the argument check would
      // reject, so shift all log-probs. The gradient depends only on ratios.
      const { newLogProbs } = linearize(objective, plainInputs(lowerLogProbs(goldenBatch)));
      slopes?.forEach((slope, i) => expect(newLogProbs[i]).toBeCloseTo(slope, 6));
    },
  );

  it("keeps each token's own gradient with response-token ratios, and shares it with response ratios", () => {
    const of = (ratioLevel: "response" | "response-token"): number[] => {
      const objective = clippedSurrogate({ clipLow: 3e-4, clipHigh: 4e-4, ratioLevel });
      return [...linearize(objective, plainInputs(lowerLogProbs(goldenBatch))).newLogProbs];
    };
    // In the first response only the token with advantage -1 is unclipped: 3.3^(1/4) / 8, or a
    // quarter of that for each of the four tokens.
    const shared = 3.3 ** 0.25 / 8 / 4;
    of("response")
      .slice(0, 4)
      .forEach((slope) => expect(slope).toBeCloseTo(shared, 12));
    expect(of("response-token").slice(0, 3)).toEqual([0, 0, 0].map((zero) => expect.closeTo(zero)));
  });
});

describe("valueLoss", () => {
  const inputs = {
    newLogProbs: [[-1, -1]],
    weights: [[0.5, 0.5]],
    fields: { values: [[1, 2]], returns: [[0, 3]], oldValues: [[0.2, 2.9]] },
  };

  it("computes verl's clipped loss", () => {
    // max(1, 0.7^2) and max(1, 0.6^2); half of 1 in both cases.
    expect(evaluatePlain(valueLoss({ clip: 0.5 }), inputs).loss).toBeCloseTo(0.5, 12);
  });

  it("uses the clipped error where it is larger, and then has a gradient of 0", () => {
    // Value 0.5 equals the return, but is more than 0.5 away from the old value 2: clipped to 1.5,
    // error (1.5 - 0.5)^2 / 2.
    const far = {
      newLogProbs: [[-1]],
      weights: [[1]],
      fields: { values: [[0.5]], returns: [[0.5]], oldValues: [[2]] },
    };
    const { loss, metrics, values } = linearize(valueLoss({ clip: 0.5 }), plainInputs(far));
    expect(loss).toBe(0.5);
    expect(metrics["valueClipFraction"]).toBe(1);
    expect([...values!]).toEqual([0]);
    expect(linearize(valueLoss(), plainInputs(far)).loss).toBe(0);
  });

  it("names the invalid argument", () => {
    expect(() => valueLoss({ clip: 0 })).toThrow("valueLoss: clip must be finite and > 0, got 0");
  });
});

describe("names the option", () => {
  it("names the option", () => {
    expect(() => cispoSurrogate({ minRatio: 2, maxRatio: 1 })).toThrow(
      "cispoSurrogate: maxRatio must be >= minRatio (2), got 1",
    );
    expect(() => sapoSurrogate({ positiveTemperature: 0 })).toThrow(
      "sapoSurrogate: positiveTemperature must be finite and > 0, got 0",
    );
    expect(() => geometricMeanSurrogate({ clipLow: -1 })).toThrow(
      "geometricMeanSurrogate: clipLow must be finite and >= 0, got -1",
    );
  });
});
