import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDimensions,
  canonicalDimension,
  evaluateDimension,
  floorDivideDimension,
  multiplyDimensions,
  subtractDimensions,
  type Dimension,
} from "./dimension.ts";

const sizes = fc.record({ a: fc.nat(9), b: fc.nat(9), c: fc.nat(9) });
const { formula } = fc.letrec<{ formula: Dimension }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("a", "b", "c"),
    fc.nat(5),
    fc.tuple(tie("formula"), tie("formula")).map(([x, y]) => multiplyDimensions(x, y)),
    fc.tuple(tie("formula"), tie("formula")).map(([x, y]) => addDimensions(x, y)),
    fc.tuple(tie("formula"), tie("formula")).map(([x, y]) => subtractDimensions(x, y)),
    fc
      .tuple(tie("formula"), fc.integer({ min: 1, max: 4 }))
      .map(([x, divisor]) => floorDivideDimension(x, divisor)),
  ),
}));

describe("dimensions", () => {
  it("compute like numbers", () => {
    fc.assert(
      fc.property(formula, formula, fc.integer({ min: 1, max: 5 }), sizes, (x, y, divisor, at) => {
        const values = new Map(Object.entries(at));
        const value = (dimension: Dimension): number => evaluateDimension(dimension, values);
        expect(value(addDimensions(x, y))).toBe(value(x) + value(y));
        expect(value(subtractDimensions(x, y))).toBe(value(x) - value(y));
        // `toBe` distinguishes 0 from -0; adding 0 makes both 0.
        expect(value(multiplyDimensions(x, y)) + 0).toBe(value(x) * value(y) + 0);
        expect(value(floorDivideDimension(x, divisor))).toBe(Math.floor(value(x) / divisor));
      }),
    );
  });

  it("have one spelling, whatever the order of construction", () => {
    fc.assert(
      fc.property(formula, formula, formula, (x, y, z) => {
        expect(canonicalDimension(x)).toBe(x);
        expect(addDimensions(x, y, z)).toBe(addDimensions(z, x, y));
        expect(multiplyDimensions(x, y)).toBe(multiplyDimensions(y, x));
        expect(multiplyDimensions(x, addDimensions(y, z))).toBe(
          addDimensions(multiplyDimensions(x, y), multiplyDimensions(x, z)),
        );
      }),
    );
  });
});
