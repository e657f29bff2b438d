import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupAdvantages, type GroupAdvantageOptions } from "./group-advantages.ts";
import { grpoPresets } from "./grpo-presets.ts";

const reward = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(0, 1, 10, -0.1),
);
const group = fc.array(reward, { minLength: 2, maxLength: 12 });
const relative = fc.constantFrom(
  ...Object.values(grpoPresets).filter(
    (preset) => preset.baseline !== "batch" && preset.statisticsOver === undefined,
  ),
);

/**
 * Tolerance for rounding: relative to the returns without scaling, relative to 1 / epsilon with
 * scaling.
 */
function tolerance(
  returns: readonly number[],
  { scale, epsilon = 1e-6 }: GroupAdvantageOptions,
): number {
  const size = Math.max(1, ...returns.map(Math.abs));
  return 1e-13 * size * (scale === "none" ? 1 : 1 / epsilon) * returns.length;
}

describe("groupAdvantages, for any group", () => {
  it("is centred", () => {
    fc.assert(
      fc.property(
        group,
        fc.constantFrom(grpoPresets.verl, grpoPresets.rllm, grpoPresets.rloo),
        (returns, preset) => {
          const [advantages] = groupAdvantages([returns], preset);
          const total = advantages!.reduce((a, b) => a + b, 0);
          expect(Math.abs(total)).toBeLessThan(tolerance(returns, preset));
        },
      ),
    );
  });

  it("is 0 for equal returns", () => {
    fc.assert(
      fc.property(reward, fc.integer({ min: 2, max: 12 }), relative, (value, size, preset) => {
        const [advantages] = groupAdvantages([Array<number>(size).fill(value)], preset);
        expect(advantages!.every((advantage) => advantage === 0)).toBe(true);
      }),
    );
  });

  it("ignores a constant added to all returns", () => {
    const whole = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(
        whole,
        fc.integer({ min: -1000, max: 1000 }),
        relative,
        (returns, shift, preset) => {
          const direct = groupAdvantages([returns], preset)[0]!;
          const shifted = groupAdvantages([returns.map((value) => value + shift)], preset)[0]!;
          shifted.forEach((a, i) => expect(Math.abs(a - direct[i]!)).toBeLessThan(1e-6));
        },
      ),
    );
  });

  it("is unchanged by a positive factor when scaled, and multiplied by it when not", () => {
    const whole = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(whole, fc.integer({ min: 1, max: 100 }), relative, (returns, factor, preset) => {
        const options = { ...preset, epsilon: 0, minScale: 0 };
        const [direct] = groupAdvantages([returns], options);
        const [grown] = groupAdvantages([returns.map((value) => value * factor)], options);
        // If all siblings are equal, a leave-one-out difference is not divided, so only scale
        // "none" is linear.
        if (options.scaleOver === "leave-one-out") return;
        const expected = options.scale === "none" ? factor : 1;
        grown!.forEach((a, i) =>
          expect(Math.abs(a - expected * direct![i]!)).toBeLessThan(1e-9 * expected * 1000),
        );
      }),
    );
  });

  it("keeps the order of the returns", () => {
    fc.assert(
      fc.property(
        group,
        fc.constantFrom(grpoPresets.verl, grpoPresets.trl, grpoPresets.primeRl),
        (returns, preset) => {
          const [advantages] = groupAdvantages([returns], preset);
          const order = returns.map((_, i) => i).sort((a, b) => returns[a]! - returns[b]!);
          for (let i = 1; i < order.length; i++) {
            expect(advantages![order[i]!]!).toBeGreaterThanOrEqual(advantages![order[i - 1]!]!);
          }
        },
      ),
    );
  });

  it("depends on other groups only through the batch's statistics", () => {
    fc.assert(
      fc.property(group, group, relative, (first, second, preset) => {
        if (preset.scaleOver === "batch") return;
        const together = groupAdvantages([first, second], preset);
        expect(together).toEqual([
          ...groupAdvantages([first], preset),
          ...groupAdvantages([second], preset),
        ]);
      }),
    );
  });

  it("equals n / (n - 1) times the difference from the mean with leave-one-out", () => {
    fc.assert(
      fc.property(group, (returns) => {
        const [rloo] = groupAdvantages([returns], grpoPresets.rloo);
        const [plain] = groupAdvantages([returns], grpoPresets.drGrpo);
        const factor = returns.length / (returns.length - 1);
        const room = tolerance(returns, grpoPresets.rloo);
        rloo!.forEach((a, i) => expect(Math.abs(a - factor * plain![i]!)).toBeLessThan(room));
      }),
    );
  });

  it("counts responses like repeated trajectories", () => {
    const counted = fc.array(fc.tuple(reward, fc.integer({ min: 1, max: 5 })), {
      minLength: 2,
      maxLength: 8,
    });
    fc.assert(
      fc.property(counted, (members) => {
        const returns = members.map(([value]) => value);
        const counts = members.map(([, count]) => count);
        const repeated = members.flatMap(([value, count]) => Array<number>(count).fill(value));
        const [direct] = groupAdvantages([returns], {
          ...grpoPresets.verlAgent,
          numResponses: [counts],
        });
        const [long] = groupAdvantages([repeated], grpoPresets.verl);
        const spread = counts.flatMap((count, i) => Array<number>(count).fill(direct![i]!));
        const room = tolerance(repeated, grpoPresets.verl);
        spread.forEach((a, i) => expect(Math.abs(a - long![i]!)).toBeLessThan(room));
      }),
    );
  });
});
