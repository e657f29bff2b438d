import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { discountedReturns } from "./discounted-returns.ts";
import { generalizedAdvantages } from "./generalized-advantages.ts";
import {
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
} from "./reinforce-plus-plus.ts";
import { whiten } from "./whiten.ts";

// Results of verl's code in float32. The values of 9 are at masked tokens and have no effect.
const rewards = [
  [0, 0, 0, 1],
  [0, 0, -1, 0],
];
const values = [
  [0.1, 0.2, 9, 0.3],
  [0.4, 0.5, 0.6, 9],
];
const masks = [
  [1, 1, 0, 1],
  [1, 1, 1, 0],
];

function near(rows: readonly (readonly number[])[], digits = 6): unknown[][] {
  return rows.map((row) => row.map((value) => expect.closeTo(value, digits)));
}

describe("generalizedAdvantages", () => {
  it("computes verl's returns and, whitened, its advantages", () => {
    const results = rewards.map((row, i) =>
      generalizedAdvantages(row, values[i]!, { discount: 0.9, lambda: 0.95, mask: masks[i]! }),
    );
    expect(results.map(({ returns }) => returns)).toEqual(
      near([
        [0.7515675, 0.8685, 0, 1],
        [-0.6854402, -0.8280001, -1, 0],
      ]),
    );
    const advantages = results.map(({ advantages }) => advantages);
    expect(whiten(advantages, masks)).toEqual(
      near([
        [0.8834081, 0.8986128, 0, 0.9268985],
        [-0.6763524, -0.8941611, -1.1384058, 0],
      ]),
    );
  });

  it("counts masked tokens as positions if requested", () => {
    // The masked token 1 has the value 5: delta 0.5 * 5 - 1 = 1.5; at token 1 itself 2 - 5 = -3,
    // and so on.
    const options = { discount: 0.5, lambda: 1, mask: [1, 0], masked: "count" } as const;
    const { advantages, returns } = generalizedAdvantages([0, 2], [1, 5], options);
    expect(advantages).toEqual([1.5 + 0.5 * -3, 0]);
    expect(returns).toEqual([1, 0]);
  });

  it("uses the value after a truncated end", () => {
    const { advantages } = generalizedAdvantages([1], [2], { discount: 0.5, finalValue: 10 });
    expect(advantages).toEqual([1 + 5 - 2]);
  });

  it("names the invalid argument", () => {
    expect(() => generalizedAdvantages([1], [1, 2])).toThrow(
      "generalizedAdvantages: rewards and values must have the same length, got 1 and 2",
    );
    expect(() => generalizedAdvantages([1], [1], { lambda: 1.5 })).toThrow(
      "generalizedAdvantages: lambda must be in [0, 1], got 1.5",
    );
    expect(() => generalizedAdvantages([NaN], [1])).toThrow(
      "generalizedAdvantages: rewards[0][0] must be finite and at most 1e100 in size, got NaN",
    );
  });

  const sequence = fc.array(
    fc.record({
      reward: fc.double({ min: -10, max: 10, noNaN: true }),
      value: fc.double({ min: -10, max: 10, noNaN: true }),
      mask: fc.constantFrom(0, 1),
    }),
    { maxLength: 20 },
  );
  const unit = fc.double({ min: 0, max: 1, noNaN: true });

  it("equals returns minus values at lambda 1", () => {
    fc.assert(
      fc.property(sequence, unit, (tokens, discount) => {
        const mask = tokens.map(({ mask }) => mask);
        const rewards = tokens.map(({ reward }) => reward);
        const { advantages } = generalizedAdvantages(
          rewards,
          tokens.map(({ value }) => value),
          { discount, mask },
        );
        const returns = discountedReturns(rewards, { discount, mask });
        advantages.forEach((advantage, t) => {
          const expected = mask[t] === 0 ? 0 : returns[t]! - tokens[t]!.value;
          expect(advantage).toBeCloseTo(expected, 9);
        });
      }),
    );
  });

  it("equals the one-step error at lambda 0", () => {
    fc.assert(
      fc.property(sequence, unit, (tokens, discount) => {
        const values = tokens.map(({ value }) => value);
        const { advantages } = generalizedAdvantages(
          tokens.map(({ reward }) => reward),
          values,
          { discount, lambda: 0 },
        );
        advantages.forEach((advantage, t) =>
          expect(advantage).toBeCloseTo(
            tokens[t]!.reward + discount * (values[t + 1] ?? 0) - values[t]!,
            9,
          ),
        );
      }),
    );
  });

  it("is the same without masked tokens, and does not read them", () => {
    fc.assert(
      fc.property(sequence, unit, unit, (tokens, discount, lambda) => {
        const run = (list: typeof tokens): number[] =>
          generalizedAdvantages(
            list.map(({ reward, mask }) => (mask === 0 ? NaN : reward)),
            list.map(({ value, mask }) => (mask === 0 ? NaN : value)),
            { discount, lambda, mask: list.map(({ mask }) => mask) },
          ).advantages;
        const kept = run(tokens).filter((_, t) => tokens[t]!.mask === 1);
        expect(kept).toEqual(run(tokens.filter(({ mask }) => mask === 1)));
      }),
    );
  });
});

describe("whiten", () => {
  it("has mean 0 and sample variance 1", () => {
    expect(whiten([[1, 2, 3]])).toEqual(near([[-1, 0, 1]]));
  });

  it("keeps the mean if requested", () => {
    expect(whiten([[2, 4, 6]], undefined, { mean: "keep" })).toEqual(near([[3, 4, 5]]));
  });

  it("neither reads nor fills uncounted values", () => {
    expect(whiten([[1, NaN], [3]], [[1, 0], [1]])).toEqual(
      near([[-Math.SQRT1_2, 0], [Math.SQRT1_2]]),
    );
  });

  it("only centers a single value, and equal ones", () => {
    expect(whiten([[7]])).toEqual([[0]]);
    expect(whiten([[0.1, 0.1, 0.1]])).toEqual([[0, 0, 0]]);
    expect(whiten([[], []])).toEqual([[], []]);
  });

  it("names the invalid argument", () => {
    expect(() => whiten([[1, 2]], [[1]])).toThrow(
      "whiten: values[0] and counts[0] must have the same length, got 2 and 1",
    );
    expect(() => whiten([[1]], [[-1]])).toThrow(
      "whiten: counts[0][0] must be finite and >= 0, got -1",
    );
    expect(() => whiten([[Infinity]])).toThrow("whiten: values[0][0] must be finite");
  });
});

describe("discountedReturns", () => {
  it("skips masked tokens without a discount", () => {
    const of = (row: number): number[] =>
      discountedReturns(rewards[row]!, { discount: 0.9, mask: masks[row]! });
    expect([of(0), of(1)]).toEqual(
      near([
        [0.81, 0.9, 0, 1],
        [-0.81, -0.9, -1, 0],
      ]),
    );
  });

  it("names the invalid argument", () => {
    expect(() => discountedReturns([1], { discount: -0.1 })).toThrow(
      "discountedReturns: discount must be finite and >= 0, got -0.1",
    );
  });
});

describe("reinforcePlusPlus", () => {
  it("whitens the returns of tokens", () => {
    const returns = rewards.map((row, i) =>
      discountedReturns(row, { discount: 0.9, mask: masks[i]! }),
    );
    expect(reinforcePlusPlusAdvantages(rewards, { discount: 0.9, masks })).toEqual(
      whiten(returns, masks),
    );
    expect(reinforcePlusPlusAdvantages([[0, 1]])).toEqual([[0, 0]]);
  });

  it("computes verl's numbers with a baseline", () => {
    // Three tokens each: the deviations 2/3, -1/3, -1/3 and 2 have a sample variance of exactly 1.
    expect(reinforcePlusPlusBaselineAdvantages([[1, 0, 0], [2]], [[3, 3, 3], [3]])).toEqual(
      near([[0.1666667, -0.8333331, -0.8333331], [1.4999999]]),
    );
  });
});
