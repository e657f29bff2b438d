import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { correlation } from "./correlation.ts";

describe("correlation", () => {
  it("agrees with the example of SciPy's pearsonr", () => {
    const x = [1, 2, 3, 4, 5, 6, 7];
    expect(correlation(x, [10, 9, 2.5, 6, 4, 3, 2])).toBeCloseTo(-0.828503883588428, 14);
  });

  it("is the cosine of the deviations", () => {
    // Deviations (-1, 0, 1) and (-7, -1, 8) / 3: 5 / sqrt(2 * 114 / 9).
    expect(correlation([1, 2, 3], [2, 4, 7])).toBeCloseTo(5 / Math.sqrt(228 / 9), 12);
  });

  it("is undefined without variation", () => {
    expect(correlation([], [])).toBeUndefined();
    expect(correlation([1], [2])).toBeUndefined();
    expect(correlation([1, 2], [3, 3])).toBeUndefined();
    expect(correlation([0, 0], [1, 2])).toBeUndefined();
  });

  it("neither overflows nor underflows", () => {
    expect(correlation([1e300, -1e300, 0], [1e-300, -1e-300, 0])).toBeCloseTo(1, 12);
  });

  it("does not change with a positive scale and an offset, and changes its sign with a negative", () => {
    const pairs = fc.array(
      fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -99, max: 99 })),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(pairs, (list) => {
        const [a, b] = [list.map(([x]) => x), list.map(([, y]) => y)];
        const plain = correlation(a, b);
        const scaled = correlation(
          a.map((x) => 3 * x + 7),
          b.map((y) => -2 * y),
        );
        expect(correlation(b, a)).toBe(plain);
        expect(scaled === undefined).toBe(plain === undefined);
        expect(scaled ?? 0).toBeCloseTo(-(plain ?? 0), 10);
      }),
    );
  });

  it("names what is wrong", () => {
    expect(() => correlation([1], [1, 2])).toThrow(
      "correlation: a and b must have the same length, got 1 and 2",
    );
    expect(() => correlation([1, Number.NaN], [1, 2])).toThrow(
      "correlation: a[1] must be finite, got NaN",
    );
  });
});
