import {
  defineLaw,
  expectAllNear,
  expectNear,
  expectThat,
  runOptions,
  type Law,
  type LawOptions,
} from "@turnwise/core";
import { groupsArbitrary, returnArbitrary } from "./arbitraries.ts";
import { fc } from "./fast-check.ts";

/** Advantage estimator: maps returns to advantages, both `[group][trajectory]`. */
export type AdvantageEstimator = (returns: number[][]) => readonly (readonly number[])[];

/**
 * Properties that an estimator may claim; each adds a law to those that hold for all estimators.
 *
 * - `"centred"`: the advantages of a group sum to 0.
 * - `"independent-groups"`: a group's advantages do not depend on the rest of the batch.
 * - `"shift-invariant"`: adding a constant to all returns changes nothing.
 * - `"linear"`: multiplying all returns by a number multiplies the advantages by it.
 * - `"scale-invariant"`: multiplying all returns by a positive number changes nothing (up to a
 * relative change of 1e-4, because of epsilon).
 * - `"flat-is-zero"`: a group of equal returns has advantages of exactly 0.
 * - `"order-preserving"`: of two siblings, the one with the larger return has no smaller advantage.
 */
export type AdvantageClaim =
  | "centred"
  | "independent-groups"
  | "shift-invariant"
  | "linear"
  | "scale-invariant"
  | "flat-is-zero"
  | "order-preserving";

/**
 * Laws of group-relative advantages. All estimators keep the shape, return finite numbers, do not
 * change their arguments, are deterministic and equivariant to reordering siblings; each claim adds
 * a law.
 *
 * @param name - Name of the estimator, for messages.
 */
export function advantageLaws(
  name: string,
  estimate: AdvantageEstimator,
  claims: readonly AdvantageClaim[],
  options: LawOptions = {},
): Law[] {
  const run = runOptions(options);
  const law = (statement: string, source: string, check: (groups: number[][]) => void): Law =>
    defineLaw(`${name}: ${statement}`, source, () =>
      fc.assert(fc.property(groupsArbitrary, check), run),
    );
  const claimed: Readonly<Record<AdvantageClaim, Law>> = {
    centred: law("the advantages of a group sum to 0", "a baseline is a mean", (groups) => {
      estimate(groups).forEach((advantages, index) => {
        expectNear(`sum of group ${index}`, sum(advantages), 0, 1e-6 * (1 + size(advantages)));
      });
    }),
    "independent-groups": law(
      "a group's advantages do not depend on other groups",
      "group-relative credit",
      (groups) => {
        const together = estimate(groups);
        groups.forEach((group, index) => {
          expectAllNear(`group ${index} alone`, estimate([[...group]])[0]!, together[index]!);
        });
      },
    ),
    "shift-invariant": defineLaw(
      `${name}: adding a constant to all returns changes nothing`,
      "a baseline is subtracted",
      () =>
        fc.assert(
          fc.property(groupsArbitrary, returnArbitrary, (groups, shift) => {
            const shifted = estimate(groups.map((group) => group.map((value) => value + shift)));
            const direct = estimate(groups);
            shifted.forEach((group, i) =>
              expectAllNear(`shifted group ${i}`, group, direct[i]!, 1e-6),
            );
          }),
          run,
        ),
    ),
    linear: scaleLaw("multiplies the advantages", (factor) => factor),
    "scale-invariant": scaleLaw("changes nothing", () => 1),
    "flat-is-zero": defineLaw(
      `${name}: a group of equal returns has advantages of 0`,
      "nothing to compare",
      () =>
        fc.assert(
          fc.property(
            fc.double({ min: -1e9, max: 1e9, noNaN: true }),
            fc.integer({ min: 2, max: 12 }),
            (value, count) => {
              const [advantages] = estimate([Array<number>(count).fill(value)]);
              advantages!.forEach((advantage, i) =>
                expectThat(advantage === 0, `advantage[${i}] must be 0, got ${advantage}`),
              );
            },
          ),
          run,
        ),
    ),
    "order-preserving": law(
      "a larger return has no smaller advantage",
      "a baseline is shared",
      (groups) => {
        const advantages = estimate(groups);
        groups.forEach((group, g) =>
          group.forEach((value, i) =>
            group.forEach((other, j) => {
              const [a, b] = [advantages[g]![i]!, advantages[g]![j]!];
              expectThat(
                value <= other || a >= b,
                `return ${value} > ${other}, but advantage ${a} < ${b}`,
              );
            }),
          ),
        );
      },
    ),
  };

  function scaleLaw(effect: string, expected: (factor: number) => number): Law {
    return defineLaw(
      `${name}: multiplying all returns by a positive number ${effect}`,
      "a scale is a standard deviation",
      () =>
        fc.assert(
          fc.property(groupsArbitrary, fc.integer({ min: 1, max: 64 }), (groups, factor) => {
            const grown = estimate(groups.map((group) => group.map((value) => value * factor)));
            const direct = estimate(groups);
            grown.forEach((group, i) => {
              const wanted = direct[i]!.map((advantage) => advantage * expected(factor));
              // With a standard deviation of 1/8, an epsilon of 1e-4 changes the result by one part
              // in a thousand.
              const room = expected(factor) === 1 ? 5e-3 : 1e-9;
              expectAllNear(`group ${i} times ${factor}`, group, wanted, room);
            });
          }),
          run,
        ),
    );
  }

  return [
    law("keeps the shape, and every number is finite", "contract", (groups) => {
      const advantages = estimate(groups);
      expectThat(advantages.length === groups.length, "must return as many groups as it was given");
      advantages.forEach((group, index) => {
        expectThat(group.length === groups[index]!.length, `group ${index} must keep its length`);
        expectThat(
          group.every(Number.isFinite),
          `group ${index} must be finite, got ${group.join()}`,
        );
      });
    }),
    law("does not change its argument and is deterministic", "contract", (groups) => {
      const before = JSON.stringify(groups);
      const first = JSON.stringify(estimate(groups));
      expectThat(JSON.stringify(groups) === before, "must not change its argument");
      expectThat(JSON.stringify(estimate(groups)) === first, "must return the same result twice");
    }),
    law("is equivariant to reordering siblings", "siblings are exchangeable", (groups) => {
      const direct = estimate(groups);
      const reversed = estimate(groups.map((group) => group.toReversed()));
      reversed.forEach((group, index) =>
        expectAllNear(`reversed group ${index}`, group, direct[index]!.toReversed(), 1e-6),
      );
    }),
    ...claims.map((claim) => claimed[claim]),
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function size(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
}
