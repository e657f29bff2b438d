import { describe, expect, it } from "vitest";
import { compareDrift, predictDrift } from "./entropy-drift.ts";

describe("predictDrift", () => {
  it("is advantage times relative surprisal", () => {
    expect(
      predictDrift({ advantages: [2, -1], surprisals: [1.5, 0.5], entropies: [1, 1] }),
    ).toEqual([1, 0.5]);
  });

  it("names the invalid argument", () => {
    expect(() => predictDrift({ advantages: [1], surprisals: [-1], entropies: [1] })).toThrow(
      "predictDrift: surprisals[0] must be finite and >= 0, got -1",
    );
  });
});

describe("compareDrift", () => {
  it("computes correlation and agreement of signs", () => {
    const { correlation, signAgreement, numPairs } = compareDrift([1, 2, -3, 0], [2, 4, -6, 0]);
    expect(correlation).toBeCloseTo(1, 12);
    expect(signAgreement).toBe(1);
    expect(numPairs).toBe(4);
    const opposed = compareDrift([1, 2, -3], [-1, 3, 2]);
    expect(opposed.signAgreement).toBeCloseTo(1 / 3, 12);
    // Deviations 1, 2, -3 and -7/3, 5/3, 2/3 (times 3: -7, 5, 2): -7 + 10 - 6 over sqrt(14 x 78).
    expect(opposed.correlation).toBeCloseTo(-3 / Math.sqrt(14 * 78), 12);
  });

  it("is undefined if nothing varies", () => {
    expect(compareDrift([1, 1], [2, 3]).correlation).toBeUndefined();
    expect(compareDrift([0, 0], [2, 3]).signAgreement).toBeUndefined();
    expect(compareDrift([], []).correlation).toBeUndefined();
  });

  it("does not overflow", () => {
    expect(compareDrift([1e300, -1e300], [1e-300, -1e-300]).correlation).toBeCloseTo(1, 12);
  });
});
