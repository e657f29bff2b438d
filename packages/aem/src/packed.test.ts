import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modulate } from "./modulate.ts";
import { packedMeanEntropies, packedModulation } from "./packed.ts";

describe("packedMeanEntropies", () => {
  it("takes the mean over each response's tokens", () => {
    const means = packedMeanEntropies(Float32Array.of(1, 2, 4), Int32Array.of(0, 2, 2, 3));
    expect([...means]).toEqual([1.5, 0, 4]);
    // Lengths on both sides of a multiple of four.
    const entropies = Float64Array.from({ length: 19 }, (_, i) => i);
    const offsets = Int32Array.of(0, 3, 7, 12, 19);
    expect([...packedMeanEntropies(entropies, offsets)]).toEqual([1, 4.5, 9, 15]);
  });

  it("names what is wrong", () => {
    const entropies = Float32Array.of(1, NaN);
    expect(() => packedMeanEntropies(entropies, Int32Array.of(0, 2))).toThrow(
      "packedMeanEntropies: tokenEntropies[1] must be finite and >= 0, got NaN",
    );
    expect(() => packedMeanEntropies(Float32Array.of(Infinity), Int32Array.of(0, 1))).toThrow(
      "packedMeanEntropies: tokenEntropies[0] must be finite and >= 0, got Infinity",
    );
    const sound = Float32Array.of(1, 2);
    expect(() => packedMeanEntropies(sound, Int32Array.of(1, 2))).toThrow("offsets[0]");
    expect(() => packedMeanEntropies(sound, Int32Array.of(0, 2, 1))).toThrow(
      "packedMeanEntropies: offsets[2] must be a whole number in [2, 2], got 1",
    );
    expect(() => packedMeanEntropies(sound, Int32Array.of(0, 1))).toThrow(
      "packedMeanEntropies: last offset must be a whole number in [2, 2], got 1",
    );
    expect(() => packedMeanEntropies(sound, Int32Array.of())).toThrow("offsets.length");
  });
});

describe("packedModulation", () => {
  it("equals modulate", () => {
    const response = fc.tuple(
      fc.double({ min: -10, max: 10, noNaN: true }),
      fc.double({ min: 0, max: 5, noNaN: true }),
      fc.nat({ max: 3 }),
    );
    const options = fc.record({
      strength: fc.double({ min: 0, max: 5, noNaN: true }),
      minEntropyRange: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(response, { maxLength: 20 }), options, (responses, options) => {
        const advantages = responses.map(([advantage]) => advantage);
        const entropies = responses.map(([, entropy]) => entropy);
        const groups = responses.map(([, , group]) => group);
        const plain = modulate(advantages, entropies, groups, options);
        const packed = packedModulation(
          Float64Array.from(advantages),
          Float64Array.from(entropies),
          Int32Array.from(groups),
          4,
          options,
        );
        // The plain mean is a compensated sum.
        plain.coefficients.forEach((c, i) => expect(packed.coefficients[i]).toBeCloseTo(c, 12));
        plain.advantages.forEach((a, i) => expect(packed.advantages[i]).toBeCloseTo(a, 11));
      }),
    );
  });

  it("names what is wrong", () => {
    const one = Float64Array.of(1);
    expect(() => packedModulation(one, one, Int32Array.of(2), 2)).toThrow(
      "packedModulation: groups[0] must be a whole number in [0, 1], got 2",
    );
    expect(() => packedModulation(one, one, Int32Array.of(), 2)).toThrow(
      "packedModulation: groupsLength must be a whole number in [1, 1], got 0",
    );
    expect(() => packedModulation(Float64Array.of(NaN), one, Int32Array.of(0), 1)).toThrow(
      "packedModulation: advantages[0] must be finite, got NaN",
    );
  });
});
