import { describe, expect, it } from "vitest";
import {
  checkFinite,
  checkInteger,
  checkNonNegative,
  checkPositive,
  checkSameLength,
} from "./check.ts";

describe("checks", () => {
  it("name the function, the entry, the rule and the value", () => {
    expect(() => checkNonNegative("modulate", { entropies: [0.2, Number.NaN] })).toThrow(
      new RangeError("modulate: entropies[1] must be finite and >= 0, got NaN"),
    );
    expect(() => checkFinite("f", { x: Infinity })).toThrow("f: x must be finite, got Infinity");
    expect(() => checkPositive("f", { rate: 0 })).toThrow("f: rate must be finite and > 0, got 0");
    expect(() => checkInteger("f", { n: 1.5 })).toThrow("f: n must be a whole number, got 1.5");
    expect(() => checkInteger("f", { n: 0 }, { min: 1 })).toThrow(
      "f: n must be a whole number >= 1, got 0",
    );
    expect(() => checkInteger("f", { n: 9 }, { min: 1, max: 8 })).toThrow(
      "f: n must be a whole number in [1, 8], got 9",
    );
  });

  it("name both lengths", () => {
    expect(() => checkSameLength("toSamples", { advantages: [1, 2], responses: [1] })).toThrow(
      new RangeError("toSamples: advantages and responses must have the same length, got 2 and 1"),
    );
  });

  it("accept allowed values and empty lists", () => {
    expect(() => {
      checkFinite("f", { a: [], b: -1 });
      checkNonNegative("f", { a: 0, b: new Float32Array(3) });
      checkPositive("f", { a: Number.MIN_VALUE });
      checkInteger("f", { a: [0, -3] });
      checkSameLength("f", { a: [1], b: "x" });
      checkSameLength("f", {});
    }).not.toThrow();
  });
});
