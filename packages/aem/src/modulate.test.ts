import { describe, expect, it } from "vitest";
import { modulate } from "./modulate.ts";

describe("modulate", () => {
  it("multiplies each advantage by its coefficient within its own group", () => {
    const { advantages, coefficients } = modulate(
      [1, 2, -1, -1, 3],
      [0.2, 0.3, 0.5, 1.2, 0.31],
      ["a", "b", "a", "a", "b"],
    );
    const rounded = coefficients.map((c) => c.toFixed(4));
    // Group a is the worked example; group b is in the dead zone.
    expect(rounded).toEqual(["1.4227", "1.0000", "1.0539", "0.5234", "1.0000"]);
    expect(advantages.map((a) => a.toFixed(4))).toEqual([
      "1.4227",
      "2.0000",
      "-1.0539",
      "-0.5234",
      "3.0000",
    ]);
  });

  it("reports statistics of the modulation", () => {
    const { diagnostics } = modulate(
      [1, 2, -1, -1, 0],
      [0.2, 0.3, 0.5, 1.2, 0.3],
      ["a", "b", "a", "a", "b"],
    );
    expect(diagnostics.numGroups).toBe(2);
    expect(diagnostics.deadZoneShare).toBe(0.5);
    expect(diagnostics.maxCoefficient).toBeCloseTo(1.4227, 4);
    expect(diagnostics.minCoefficient).toBeCloseTo(0.5234, 4);
    expect(diagnostics.meanEntropy).toBeCloseTo(0.5, 12);
    expect(diagnostics.meanEntropyRange).toBeCloseTo(0.5, 12);
    expect(diagnostics.positiveShare).toBe(0.5);
    expect(diagnostics.meanPositiveAdvantage).toBeCloseTo((1.4227 + 2) / 2, 4);
    expect(diagnostics.meanNegativeAdvantage).toBeCloseTo(-(1.0539 + 0.5234) / 2, 4);
    expect(diagnostics.positiveEntropy).toBeCloseTo(0.25, 12);
    expect(diagnostics.negativeEntropy).toBeCloseTo(0.85, 12);
    // advantage * (alpha - 1): +0.42, 0, -0.05, +0.48, 0.
    expect(diagnostics.sharpenedEntropy).toBeCloseTo(0.7, 12);
    expect(diagnostics.flattenedEntropy).toBeCloseTo(0.5, 12);
  });

  it("returns an empty batch", () => {
    const { advantages, coefficients, diagnostics } = modulate([], [], []);
    expect({ advantages, coefficients }).toEqual({ advantages: [], coefficients: [] });
    expect(diagnostics.meanEntropy).toBeUndefined();
    expect(diagnostics.positiveShare).toBeUndefined();
    expect(diagnostics.deadZoneShare).toBeUndefined();
  });

  it("names the invalid argument", () => {
    expect(() => modulate([1, 2], [0.5], ["a", "a"])).toThrow(
      "modulate: advantages and entropies must have the same length, got 2 and 1",
    );
    expect(() => modulate([Infinity], [0.5], ["a"])).toThrow(
      "modulate: advantages[0] must be finite, got Infinity",
    );
    expect(() => modulate([1, 1], [0.5, -0.5], ["a", "a"])).toThrow(
      "modulate: entropies[1] must be finite and >= 0, got -0.5",
    );
  });
});
