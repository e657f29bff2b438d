import { describe, expect, it } from "vitest";
import {
  pairedRateVariance,
  rateVariance,
  summarizeSeeds,
  toleranceFactor,
  toleranceInterval,
  varianceComponents,
} from "./index.ts";

describe("summarizeSeeds", () => {
  it("describes location and spread", () => {
    // Deviations -2, -1 and 3: sample variance 14 / 2.
    expect(summarizeSeeds([6, 1, 2])).toEqual({
      numSeeds: 3,
      mean: 3,
      standardDeviation: Math.sqrt(7),
      median: 2,
      min: 1,
      max: 6,
    });
    expect(summarizeSeeds([1, 2, 3, 10]).median).toBe(2.5);
  });
});

describe("toleranceInterval", () => {
  it("has the factors of ISO 16269-6", () => {
    const options = { content: 0.95, confidence: 0.95 };
    expect(toleranceFactor(5, options)).toBeCloseTo(5.077, 3);
    expect(toleranceFactor(10, options)).toBeCloseTo(3.393, 3);
  });

  it("lies around the mean, and is wider than the interval of the mean", () => {
    const { low, high, factor } = toleranceInterval([1, 2, 6]);
    expect((low + high) / 2).toBeCloseTo(3, 12);
    expect(high - 3).toBeCloseTo(factor * Math.sqrt(7), 12);
  });

  it("names what is wrong", () => {
    expect(() => toleranceFactor(1)).toThrow(
      "toleranceFactor: numSeeds must be a whole number >= 2, got 1",
    );
    expect(() => toleranceInterval([1, 2], { content: 1 })).toThrow(
      "toleranceFactor: content must be > 0 and < 1, got 1",
    );
  });
});

describe("evaluation noise", () => {
  it("is 2.2 points on 500 tasks at 45 %, and 1.7 for a pair with 15 % discordant tasks", () => {
    expect(Math.sqrt(rateVariance(225, 500))).toBeCloseTo(0.0223, 4);
    const pair = { onlyTreatment: 41, onlyBaseline: 34, numTasks: 500 };
    expect(Math.sqrt(pairedRateVariance(pair))).toBeCloseTo(0.0173, 4);
  });

  it("is 0 for policies that solve the same tasks", () => {
    expect(pairedRateVariance({ onlyTreatment: 0, onlyBaseline: 0, numTasks: 10 })).toBe(0);
  });

  it("is the sample variance of the tasks' differences, divided by their number", () => {
    // Differences +1, +1, -1, 0: mean 1/4, sum of squares 3, (3 - 4/16) / 3 / 4.
    const pair = { onlyTreatment: 2, onlyBaseline: 1, numTasks: 4 };
    expect(pairedRateVariance(pair)).toBeCloseTo((3 - 0.25) / 12, 12);
  });

  it("is taken from the spread over seeds, down to 0", () => {
    // Sample variance 0.02, evaluation variance 0.01: training sqrt(0.01).
    const values = [0.4, 0.6];
    const components = varianceComponents(values, [0.012, 0.008]);
    expect(components.training).toBeCloseTo(0.1, 12);
    expect(components.evaluation).toBeCloseTo(0.1, 12);
    const noisy = varianceComponents(values, [0.5, 0.5]);
    expect(noisy).toMatchObject({ training: 0, trainingLow: 0 });
  });

  it("names what is wrong", () => {
    expect(() => rateVariance(3, 2)).toThrow(
      "rateVariance: numSolved must be a whole number in [0, 2], got 3",
    );
    const pair = { onlyTreatment: 2, onlyBaseline: 2, numTasks: 3 };
    expect(() => pairedRateVariance(pair)).toThrow(
      "pairedRateVariance: onlyBaseline must be a whole number in [0, 1], got 2",
    );
    expect(() => varianceComponents([1, 2], [0])).toThrow(
      "varianceComponents: values and evaluationVariances must have the same length, got 2 and 1",
    );
  });
});
