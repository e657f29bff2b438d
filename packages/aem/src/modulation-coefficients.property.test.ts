import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modulationCoefficients } from "./modulation-coefficients.ts";

const entropy = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
const group = fc.array(entropy, { minLength: 1, maxLength: 40 });
const strength = fc.double({ min: 0, max: 50, noNaN: true });

describe("modulationCoefficients, for any group", () => {
  it("has mean 1", () => {
    fc.assert(
      fc.property(group, strength, (entropies, strength) => {
        const coefficients = modulationCoefficients(entropies, { strength, minEntropyRange: 0 });
        const total = coefficients.reduce((a, b) => a + b, 0);
        // Error bound: one rounded division and one rounded addition per response.
        expect(Math.abs(total / entropies.length - 1)).toBeLessThan(1e-14 * entropies.length);
      }),
    );
  });

  it("never weights a less certain response more", () => {
    fc.assert(
      fc.property(group, strength, (entropies, strength) => {
        const coefficients = modulationCoefficients(entropies, { strength });
        const order = entropies.map((_, i) => i).sort((a, b) => entropies[a]! - entropies[b]!);
        for (let i = 1; i < order.length; i++) {
          expect(coefficients[order[i]!]!).toBeLessThanOrEqual(coefficients[order[i - 1]!]!);
        }
      }),
    );
  });

  it("spans a factor of exp(strength) outside the dead zone", () => {
    fc.assert(
      fc.property(group, strength, (entropies, strength) => {
        const coefficients = modulationCoefficients(entropies, { strength });
        const range = Math.max(...entropies) - Math.min(...entropies);
        const factor = Math.max(...coefficients) / Math.min(...coefficients);
        const expected = range < 0.1 ? 1 : Math.exp(strength);
        expect(Math.abs(factor / expected - 1)).toBeLessThan(1e-12);
      }),
    );
  });

  it("is equivariant to reordering responses", () => {
    fc.assert(
      fc.property(group, fc.infiniteStream(fc.nat()), (entropies, keys) => {
        const order = entropies
          .map((_, i) => ({ i, key: keys.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ i }) => i);
        const direct = modulationCoefficients(entropies);
        const moved = modulationCoefficients(order.map((i) => entropies[i]!));
        // The mean is summed in a different order.
        moved.forEach((c, place) => expect(c).toBeCloseTo(direct[order[place]!]!, 12));
      }),
    );
  });
});
