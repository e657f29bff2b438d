import { describe, expect, it } from "vitest";
import { accumulate, globalNorm, scaleInPlace } from "./vectors.ts";

describe("globalNorm", () => {
  it("is the root of the sum of all squares", () => {
    expect(globalNorm([Float32Array.of(3), Float32Array.of(0, 4), new Float32Array()])).toBe(5);
    expect(globalNorm([])).toBe(0);
  });

  it("neither loses small entries after a large one, nor overflows", () => {
    // In float32 the sum would stop at 2^24 and the square would be infinite.
    const ones = new Float32Array(2 ** 12).fill(1);
    expect(globalNorm([Float32Array.of(2 ** 12), ones])).toBe(Math.sqrt(2 ** 24 + 2 ** 12));
    expect(globalNorm([Float32Array.of(1e30)])).toBe(Math.fround(1e30));
  });

  it("is not finite if an entry is not", () => {
    expect(globalNorm([Float32Array.of(1, NaN)])).toBeNaN();
    expect(globalNorm([Float32Array.of(-Infinity)])).toBe(Infinity);
  });
});

describe("accumulate", () => {
  it("adds a scaled array in place", () => {
    const target = Float32Array.of(1, 2);
    accumulate(target, Float32Array.of(10, 20));
    accumulate(target, Float32Array.of(4, 4), -0.5);
    expect([...target]).toEqual([9, 20]);
  });

  it("reports invalid arguments", () => {
    expect(() => accumulate(new Float32Array(1), new Float32Array(2))).toThrow(
      "accumulate: target and source must have the same length, got 1 and 2",
    );
    expect(() => accumulate(new Float32Array(1), new Float32Array(1), NaN)).toThrow(
      "accumulate: scale must be finite, got NaN",
    );
  });
});

describe("scaleInPlace", () => {
  it("multiplies every entry", () => {
    const target = Float32Array.of(1, -2);
    scaleInPlace(target, 3);
    expect([...target]).toEqual([3, -6]);
  });

  it("refuses a scale that is not finite", () => {
    expect(() => scaleInPlace(new Float32Array(1), Infinity)).toThrow(
      "scaleInPlace: scale must be finite, got Infinity",
    );
  });
});
