import { compileModulator, computeTokenAdvantages, type CreditedResponse } from "@turnwise/aem";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepPressure } from "./keep-pressure.ts";

const aem = compileModulator({ kind: "aem" });

const response = (
  advantage: number,
  entropy: number,
  tokenAdvantages?: readonly number[],
): CreditedResponse => ({
  group: "a",
  trajectory: 0,
  turn: 0,
  advantage,
  uncertainty: { kind: "entropy", entropies: [entropy, entropy] },
  ...(tokenAdvantages && { tokenAdvantages }),
});

describe("keepPressure", () => {
  // The coefficients are 1.42, 1.05 and 0.52.
  const responses = [response(1, 0.2), response(-1, 0.5), response(-1, 1.2)];

  it("keeps confident successes and uncertain failures, which sharpen, or the others", () => {
    const { advantages } = aem.modulate(responses);
    expect(keepPressure(aem, 1).modulate(responses).advantages).toEqual([
      advantages[0],
      0,
      advantages[2],
    ]);
    expect(keepPressure(aem, -1).modulate(responses).advantages).toEqual([0, advantages[1], 0]);
  });

  it("keeps nothing of a group in the dead zone", () => {
    const flat = [response(1, 0.2), response(-1, 0.25)];
    for (const sign of [1, -1] as const) {
      expect(keepPressure(aem, sign).modulate(flat).advantages).toEqual([0, 0]);
    }
  });

  it("sets every token of the others to 0 where tokens differ", () => {
    const mixed = [response(1, 0.2, [0.5, 1.5]), response(-1, 1.2, [-1.5, -0.5])];
    const batch = keepPressure(aem, -1).modulate(mixed);
    expect(computeTokenAdvantages(mixed, batch)).toEqual([
      [0, 0],
      [0, 0],
    ]);
    const kept = computeTokenAdvantages(mixed, keepPressure(aem, 1).modulate(mixed));
    expect(kept).toEqual(computeTokenAdvantages(mixed, aem.modulate(mixed)));
  });

  it("splits what is modulated: the two signs add up to all but the dead zone", () => {
    const list = fc.array(
      fc.tuple(
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 4, noNaN: true }),
      ),
    );
    fc.assert(
      fc.property(list, (pairs) => {
        const batch = pairs.map(([advantage, entropy]) => response(advantage, entropy));
        const all = aem.modulate(batch);
        const positive = keepPressure(aem, 1).modulate(batch).advantages;
        const negative = keepPressure(aem, -1).modulate(batch).advantages;
        for (const [i, advantage] of all.advantages.entries()) {
          const isModulated = batch[i]!.advantage * (all.coefficients[i]! - 1) !== 0;
          expect(positive[i]! + negative[i]!).toBe(isModulated ? advantage : 0);
        }
      }),
    );
  });
});
