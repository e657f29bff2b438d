import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestOfGroupAdvantages } from "./best-of-group.ts";
import { emptyRefill, refill, type Refill } from "./dynamic-sampling.ts";
import { adaptKlCoefficient, penalizeRewards } from "./kl-in-reward.ts";
import { overlongPenalty } from "./overlong-penalty.ts";

describe("overlongPenalty", () => {
  it("grows over the buffer", () => {
    const options = { maxLength: 100, buffer: 20 };
    expect([0, 80, 81, 90, 100].map((length) => overlongPenalty(length, options))).toEqual([
      0, 0, -0.05, -0.5, -1,
    ]);
  });

  it("continues beyond the limit as in verl, or stops as in TRL", () => {
    expect(overlongPenalty(101, { maxLength: 100, buffer: 20 })).toBe(-1.05);
    expect(overlongPenalty(101, { maxLength: 100, buffer: 20, beyond: "floor" })).toBe(-1);
  });

  it("names the invalid argument", () => {
    expect(() => overlongPenalty(1, { maxLength: 10, buffer: 0 })).toThrow(
      "overlongPenalty: buffer must be a whole number in [1, 10], got 0",
    );
    expect(() => overlongPenalty(-1, { maxLength: 10, buffer: 1 })).toThrow(
      "overlongPenalty: length must be a whole number >= 0, got -1",
    );
  });
});

describe("refill", () => {
  const keep = (group: number): boolean => group % 2 === 1;

  it("draws until the target is met, and drops the surplus", () => {
    const first = refill(emptyRefill, [1, 2, 3], { target: 3, keep });
    expect(first).toEqual({ kept: [1, 3], numRounds: 1, numDropped: 1, status: "draw" });
    const second = refill(first, [5, 7], { target: 3, keep });
    expect(second).toEqual({ kept: [1, 3, 5], numRounds: 2, numDropped: 2, status: "full" });
  });

  it("stops at the limit of rounds", () => {
    const options = { target: 2, maxRounds: 2, keep };
    const first = refill<number>(emptyRefill, [2], options);
    expect(first.status).toBe("draw");
    expect(refill(first, [1], options)).toEqual({
      kept: [1],
      numRounds: 2,
      numDropped: 1,
      status: "exhausted",
    });
    expect(refill(first, [1, 3], options).status).toBe("full");
  });

  it("refuses to continue when it is done", () => {
    const full = refill(emptyRefill, [1], { target: 1, keep });
    expect(() => refill(full, [3], { target: 1, keep })).toThrow(
      'refill: state.status must be "draw", got "full"',
    );
    expect(() => refill(emptyRefill, [1], { target: 0, keep })).toThrow(
      "refill: target must be a whole number >= 1, got 0",
    );
  });

  it("keeps the same groups as if all were drawn at once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat({ max: 9 }), { maxLength: 5 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 8 }),
        (rounds, target) => {
          let state: Refill<number> = emptyRefill;
          for (const round of rounds) {
            if (state.status === "draw") state = refill(state, round, { target, keep });
          }
          expect(state.kept).toEqual(rounds.flat().filter(keep).slice(0, target));
        },
      ),
    );
  });
});

describe("bestOfGroupAdvantages", () => {
  it("assigns the best its lead over the second, and 0 to the others", () => {
    expect(bestOfGroupAdvantages([0, 3, 1], { scale: "none" })).toEqual([0, 2, 0]);
    // Sample variance of 0, 3, 1: 7/3.
    const [, best] = bestOfGroupAdvantages([0, 3, 1], { epsilon: 0 });
    expect(best).toBeCloseTo(2 / Math.sqrt(7 / 3), 12);
  });

  it("assigns 0 if two share the lead", () => {
    expect(bestOfGroupAdvantages([1, 1, 0])).toEqual([0, 0, 0]);
  });

  it("names the invalid argument", () => {
    expect(() => bestOfGroupAdvantages([1])).toThrow(
      "bestOfGroupAdvantages: returns must have at least 2 entries, got 1",
    );
  });
});

describe("penalizeRewards", () => {
  it("charges the divergence to the token where it arises", () => {
    const { rewards, meanKl } = penalizeRewards(
      {
        rewards: [0, NaN, 1],
        oldLogProbs: [-1, NaN, -2],
        referenceLogProbs: [-1.5, NaN, -1],
        mask: [1, 0, 1],
      },
      0.1,
    );
    expect(rewards).toEqual([-0.05, 0, 1.1]);
    expect(meanKl).toBe(-0.25);
  });

  it("names the invalid argument", () => {
    expect(() =>
      penalizeRewards({ rewards: [0], oldLogProbs: [NaN], referenceLogProbs: [-1] }, 0.1),
    ).toThrow("penalizeRewards: kl[0] must be finite, got NaN");
  });
});

describe("adaptKlCoefficient", () => {
  it("changes by at most a fifth within one horizon", () => {
    const options = { target: 1, horizon: 100, numSamples: 50 };
    expect(adaptKlCoefficient(1, 5, options)).toBeCloseTo(1.1, 12);
    expect(adaptKlCoefficient(1, 0, options)).toBeCloseTo(0.9, 12);
    expect(adaptKlCoefficient(1, 1.1, options)).toBeCloseTo(1.05, 12);
    expect(adaptKlCoefficient(1, 0, { ...options, numSamples: 9000 })).toBe(0);
  });
});
