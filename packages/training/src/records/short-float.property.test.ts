import fc from "fast-check";
import { expect, it } from "vitest";
import { shortFloat, shortFloats } from "./short-float.ts";

it("keeps the float32 value of every number, in at most 9 significant digits", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      const short = shortFloat(value);
      expect(Math.fround(short)).toBe(value);
      // -0 and numbers that are not finite have no text of their own in JSON.
      const text = Number.isFinite(short) && short !== 0 ? JSON.stringify(short) : String(short);
      expect(Number(text) === short).toBe(true);
      const digits = short.toExponential().replace(/e.*$/u, "").replaceAll(/\D/gu, "");
      expect(Number.isInteger(value) || digits.length <= 9).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

it("rounds a float64 to its float32 first", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), (value) => {
      expect(Math.fround(shortFloat(value))).toBe(Math.fround(value));
    }),
  );
});

it("writes what people would", () => {
  const values = Float32Array.of(0.1, -2.5, 1 / 3, 0, 12345.678, 1e-7);
  expect(JSON.stringify(shortFloats(values))).toBe("[0.1,-2.5,0.33333334,0,12345.678,1e-7]");
});
