import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { correlationInterval, rankCorrelation } from "./index.ts";

describe("rankCorrelation", () => {
  it("agrees with the example of SciPy's spearmanr", () => {
    expect(rankCorrelation([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.82078268166812329, 14);
  });

  it("gives equal values the mean of their ranks", () => {
    // Ranks (1.5, 1.5, 3) and (1, 2, 3): deviations (-.5, -.5, 1) and (-1, 0, 1).
    expect(rankCorrelation([4, 4, 9], [1, 2, 3])).toBeCloseTo(1.5 / Math.sqrt(1.5 * 2), 12);
    expect(rankCorrelation([4, 4], [1, 2])).toBeUndefined();
  });

  it("depends on the order of the values alone", () => {
    const pairs = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 12 });
    fc.assert(
      fc.property(pairs, (list) => {
        const [a, b] = [list.map(([x]) => x), list.map(([, y]) => y)];
        expect(rankCorrelation(a.map(Math.exp), b)).toBe(rankCorrelation(a, b));
      }),
    );
  });

  it("names what is wrong", () => {
    expect(() => rankCorrelation([1], [])).toThrow(
      "rankCorrelation: a and b must have the same length, got 1 and 0",
    );
    expect(() => rankCorrelation([1, Infinity], [1, 2])).toThrow(
      "rankCorrelation: a[1] must be finite, got Infinity",
    );
  });
});

describe("correlationInterval", () => {
  it("agrees with the example of SciPy's pearsonr", () => {
    const { low, high } = correlationInterval(-0.828503883588428, 7, { confidence: 0.9 });
    expect(low).toBeCloseTo(-0.9644331982722841, 12);
    expect(high).toBeCloseTo(-0.3460237473272273, 12);
  });

  it("has no width at a perfect correlation", () => {
    expect(correlationInterval(1, 4)).toMatchObject({ low: 1, high: 1 });
  });

  it("names what is wrong", () => {
    expect(() => correlationInterval(1.5, 9)).toThrow(
      "correlationInterval: estimate must be in [-1, 1], got 1.5",
    );
    expect(() => correlationInterval(0.5, 3)).toThrow(
      "correlationInterval: numPairs must be a whole number >= 4, got 3",
    );
  });
});
