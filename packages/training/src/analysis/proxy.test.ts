import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { summarizeProxy } from "./proxy.ts";

const state = (coefficient: number, surprisal: number, entropy: number, numTokens = 1) => ({
  coefficient,
  surprisal,
  entropy,
  numTokens,
});

describe("summarizeProxy", () => {
  it("counts states where a confident response has a coefficient above 1", () => {
    const summary = summarizeProxy([
      state(1.5, 1, 2), // Low surprisal, coefficient above 1: agrees.
      state(0.5, 3, 1), // High surprisal, coefficient below 1: agrees.
      state(1.2, 2, 1), // Disagrees.
      state(0.8, 1, 1), // Surprisal equals entropy: no sign.
    ]);
    expect([summary.numAgreeing, summary.numSigned]).toEqual([2, 3]);
    expect(summary.agreement!.estimate).toBeCloseTo(2 / 3, 12);
  });

  it("correlates coefficient - 1 with entropy - surprisal, and with that per token", () => {
    // Deviations of the coefficients (-.3, -.1, .1, .3); relative surprisal (-2, 0, -2, 4),
    // per token (-2, 0, -1, 1): deviations (-1.5, .5, -.5, 1.5).
    const { perResponse, perToken } = summarizeProxy([
      state(0.7, 3, 1, 1),
      state(0.9, 1, 1, 1),
      state(1.1, 3, 1, 2),
      state(1.3, 0, 4, 4),
    ]);
    expect(perResponse.correlation!.estimate).toBeCloseTo(1.6 / Math.sqrt(0.2 * 24), 12);
    expect(perToken.correlation!.estimate).toBeCloseTo(0.8 / Math.sqrt(0.2 * 5), 12);
    // Ranks (1, 2, 3, 4) and (1, 3, 2, 4).
    expect(perToken.rankCorrelation).toBeCloseTo(0.8, 12);
  });

  it("has no correlation and no share where nothing varies", () => {
    const summary = summarizeProxy([state(1, 1, 1), state(1, 1, 1)]);
    expect(summary).toEqual({ perResponse: {}, perToken: {}, numAgreeing: 0, numSigned: 0 });
  });

  it("agrees where it disagreed when all coefficients are mirrored at 1", () => {
    const number = fc.double({ min: 0, max: 20, noNaN: true });
    const coefficient = fc.double({ min: 0.25, max: 1.75, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(coefficient, number, number), { maxLength: 9 }), (list) => {
        const states = list.map(([c, surprisal, entropy]) => state(c, surprisal, entropy));
        const mirrored = states.map((one) => ({ ...one, coefficient: 2 - one.coefficient }));
        const [plain, other] = [summarizeProxy(states), summarizeProxy(mirrored)];
        expect(other.numSigned).toBe(plain.numSigned);
        expect(other.numAgreeing).toBe(plain.numSigned - plain.numAgreeing);
      }),
    );
  });
});
