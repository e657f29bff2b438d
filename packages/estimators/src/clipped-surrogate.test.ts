import { describe, expect, it } from "vitest";
import { clippedSurrogate } from "./clipped-surrogate.ts";
import { metricMeans } from "./metric-means.ts";
import { evaluatePlain, goldenBatch } from "./testing/evaluate.ts";

describe("clippedSurrogate", () => {
  it("computes verl's vanilla loss with two bounds and dual clip", () => {
    // (-1.28 - 0.5 - 1.1 + 3 + 0.8 + 1.3 + 1 + 3) / 8
    const objective = clippedSurrogate({ clipLow: 0.2, clipHigh: 0.28, dualClip: 3 });
    const { loss, metrics } = evaluatePlain(objective, goldenBatch);
    expect(loss).toBeCloseTo(0.7775, 12);
    expect(metrics["clipFraction"]).toBe(0.25);
    expect(metrics["dualClipFraction"]).toBe(0.25);
    expect(metrics["oldNewKlK1"]).toBeCloseTo(-0.3386313, 6);
    expect(metrics["ratioMean"]).toBeCloseTo(15.1 / 8, 12);
    // The mean of r - 1 - log r over the eight tokens.
    expect(metrics["oldNewKlK3"]).toBeCloseTo(15.1 / 8 - 1 - 0.3386312, 6);
    expect(metrics["weight"]).toBe(1);
  });

  it("computes verl's GSPO loss", () => {
    // The first response's ratio is 3.3^(1/4), the second's 4.55^(1/4).
    for (const ratioLevel of ["response", "response-token"] as const) {
      const objective = clippedSurrogate({ clipLow: 3e-4, clipHigh: 4e-4, ratioLevel });
      const { loss, metrics } = evaluatePlain(objective, goldenBatch);
      expect(loss).toBeCloseTo(0.523578, 6);
      expect(metrics["clipFraction"]).toBe(0.375);
    }
  });

  it("caps the ratio where it is not clipped", () => {
    // Advantage -1, ratio 4, cap 2: max(2, 1.2).
    const inputs = {
      newLogProbs: [[Math.log(4) - 3]],
      weights: [[1]],
      fields: { oldLogProbs: [[-3]], advantages: [[-1]] },
    };
    expect(evaluatePlain(clippedSurrogate({ ratioCap: 2 }), inputs).loss).toBeCloseTo(2, 12);
    expect(evaluatePlain(clippedSurrogate(), inputs).loss).toBeCloseTo(4, 12);
  });

  it("never clips a ratio of 1", () => {
    const inputs = {
      newLogProbs: [[-1, -2]],
      weights: [[0.5, 0.5]],
      fields: { oldLogProbs: [[-1, -2]], advantages: [[3, -5]] },
    };
    const { loss, metrics } = evaluatePlain(clippedSurrogate({ clipLow: 0, clipHigh: 0 }), inputs);
    expect(loss).toBe(1);
    expect(metrics["clipFraction"]).toBe(0);
    expect(metrics["oldNewKlK3"]).toBe(0);
  });

  it("limits the log-ratio before exponentiation", () => {
    const inputs = {
      newLogProbs: [[0]],
      weights: [[1]],
      fields: { oldLogProbs: [[-5000]], advantages: [[-1]] },
    };
    expect(evaluatePlain(clippedSurrogate(), inputs).loss).toBeCloseTo(Math.exp(20), 0);
  });

  it("ignores values at tokens of weight 0", () => {
    const inputs = {
      newLogProbs: [[-1, Number.NaN]],
      weights: [[1, 0]],
      fields: { oldLogProbs: [[-1, Number.NaN]], advantages: [[2, Number.NaN]] },
    };
    for (const ratioLevel of ["token", "response", "response-token"] as const) {
      const { loss, metrics } = evaluatePlain(clippedSurrogate({ ratioLevel }), inputs);
      expect(loss).toBe(-2);
      expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
    }
  });

  it("has all options in its name", () => {
    expect(clippedSurrogate({ clipHigh: 0.28, dualClip: 3 }).name).toBe(
      "clipped-surrogate(clipLow=0.2,clipHigh=0.28,dualClip=3,ratioLevel=token,logRatioLimits=-20..20)",
    );
  });

  it("names the invalid argument", () => {
    expect(() => clippedSurrogate({ clipLow: 1.5 })).toThrow(
      "clippedSurrogate: clipLow must be at most 1, got 1.5",
    );
    expect(() => clippedSurrogate({ clipHigh: Number.NaN })).toThrow(
      "clippedSurrogate: clipHigh must be finite and >= 0, got NaN",
    );
    expect(() => clippedSurrogate({ dualClip: 1 })).toThrow(
      "clippedSurrogate: dualClip must be > 1, got 1",
    );
    expect(() => clippedSurrogate({ logRatioLimits: [1, 2] })).toThrow(
      "clippedSurrogate: logRatioLimits must be a range around 0, got [1, 2]",
    );
    expect(() =>
      evaluatePlain(clippedSurrogate(), { newLogProbs: [[-1]], weights: [[1]] }),
    ).toThrow("clippedSurrogate: fields.advantages must be given, got undefined");
  });
});

describe("metricMeans", () => {
  it("divides sums by the sum of the weights", () => {
    expect(metricMeans({ weight: 4, clipFraction: 1 })).toEqual({ clipFraction: 0.25 });
    expect(metricMeans({ weight: 0, clipFraction: 0 })).toEqual({});
    expect(metricMeans({ clipFraction: 1 })).toEqual({});
  });
});
