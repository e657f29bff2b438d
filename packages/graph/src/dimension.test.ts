import { describe, expect, it } from "vitest";
import {
  addDimensions,
  canonicalDimension,
  dimensionNames,
  evaluateDimension,
  floorDivideDimension,
  multiplyDimensions,
  subtractDimensions,
} from "./dimension.ts";

describe("dimensions", () => {
  it("have one spelling: longer products first, positive terms before negative ones, constants last", () => {
    expect(canonicalDimension("3 + time*batch + 2*time")).toBe("batch*time + 2*time + 3");
    expect(canonicalDimension("(a + b)*(a - b)")).toBe("a*a - b*b");
    expect(canonicalDimension("-1*a + 2")).toBe("-a + 2");
    expect(canonicalDimension("2*3 - 1")).toBe(5);
    expect(canonicalDimension("a - a")).toBe(0);
    expect(canonicalDimension(7)).toBe(7);
  });

  it("multiply, add and subtract", () => {
    expect(multiplyDimensions("batch", 4, "time")).toBe("4*batch*time");
    expect(multiplyDimensions()).toBe(1);
    expect(addDimensions("past", 3, "past")).toBe("2*past + 3");
    expect(addDimensions()).toBe(0);
    expect(subtractDimensions("a + b", "b")).toBe("a");
  });

  it("divide exactly where possible and round down otherwise", () => {
    expect(floorDivideDimension("4*n + 8", 4)).toBe("n + 2");
    expect(floorDivideDimension(7, 2)).toBe(3);
    const half = floorDivideDimension("n + 1", 2);
    expect(half).toBe("floor((n + 1)/2)");
    expect(canonicalDimension(half)).toBe(half);
    expect(evaluateDimension(half, new Map([["n", 4]]))).toBe(2);
    expect(subtractDimensions("n", floorDivideDimension("n", 3))).toBe("n - floor(n/3)");
  });

  it("name the sizes they need", () => {
    expect(dimensionNames("floor((n*m)/2) + n + 1")).toEqual(["m", "n"]);
    expect(dimensionNames(3)).toEqual([]);
  });

  it("have a value for given sizes", () => {
    const sizes = new Map([
      ["batch", 3],
      ["time", 5],
    ]);
    expect(evaluateDimension("2*batch*time - batch + 1", sizes)).toBe(28);
    expect(() => evaluateDimension("heads", sizes)).toThrow(
      "evaluateDimension: heads must have a value, got none",
    );
  });

  it("refuse text that is not a formula", () => {
    for (const text of ["", "2n", "a*", "(a", "a/2", "floor(a/0)", "a b", "a.b"]) {
      expect(() => canonicalDimension(text)).toThrow(
        `dimension: formula must consist of whole numbers, names, +, -, * and floor(formula/number), got "${text}"`,
      );
    }
    expect(() => canonicalDimension(1.5)).toThrow(
      "dimension: size must be a whole number, got 1.5",
    );
    expect(() => floorDivideDimension("n", 0)).toThrow(
      "floorDivideDimension: divisor must be a whole number >= 1, got 0",
    );
  });
});
