import { describe, expect, it } from "vitest";
import { modulationCoefficients } from "./modulation-coefficients.ts";

describe("modulationCoefficients", () => {
  it("weights a worked group", () => {
    // Scaled: 0, 0.3, 1. exp(-h): 1, 0.740818, 0.367879, mean 0.702899.
    const coefficients = modulationCoefficients([0.2, 0.5, 1.2]);
    expect(coefficients.map((c) => c.toFixed(4))).toEqual(["1.4227", "1.0539", "0.5234"]);
  });

  it("does not change a group inside the dead zone", () => {
    expect(modulationCoefficients([0.2, 0.25, 0.29])).toEqual([1, 1, 1]);
  });

  it("weights a group whose range is exactly the bound", () => {
    // 0.25 and 0.5 are exact in binary, so the range is exactly 0.25.
    const coefficients = modulationCoefficients([0.25, 0.5], { minEntropyRange: 0.25 });
    expect(coefficients[0]).toBeGreaterThan(1);
  });

  it("is 1 for a single response, and empty for an empty group", () => {
    expect(modulationCoefficients([3])).toEqual([1]);
    expect(modulationCoefficients([])).toEqual([]);
  });

  it("is 1 for equal entropies even without a dead zone", () => {
    expect(modulationCoefficients([0.7, 0.7], { minEntropyRange: 0 })).toEqual([1, 1]);
  });

  it("is 1 for all at strength 0", () => {
    expect(modulationCoefficients([0.2, 0.5, 1.2], { strength: 0 })).toEqual([1, 1, 1]);
  });

  it("accepts more responses than a call accepts arguments", () => {
    const many = Array.from({ length: 300_000 }, (_, i) => i % 7);
    expect(modulationCoefficients(many)).toHaveLength(300_000);
  });

  it("names the invalid argument", () => {
    expect(() => modulationCoefficients([0.2, Number.NaN])).toThrow(
      "modulationCoefficients: entropies[1] must be finite and >= 0, got NaN",
    );
    expect(() => modulationCoefficients([0.2], { strength: -1 })).toThrow(
      "modulationCoefficients: strength must be finite and >= 0, got -1",
    );
    expect(() => modulationCoefficients([0.2], { minEntropyRange: Infinity })).toThrow(
      "modulationCoefficients: minEntropyRange must be finite and >= 0, got Infinity",
    );
  });
});
