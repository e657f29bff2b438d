import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { groupAdvantages } from "./group-advantages.ts";
import { grpoPresets } from "./grpo-presets.ts";
import { packedGroupAdvantages, spreadOverTokens } from "./packed.ts";

describe("packedGroupAdvantages", () => {
  it("equals groupAdvantages on every preset", () => {
    const groups = fc.array(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 6 }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(groups, fc.constantFrom(...Object.values(grpoPresets)), (groups, preset) => {
        const counts = groups.map((group) => group.map((value) => Math.abs(value)));
        const offsets = [0];
        for (const group of groups) offsets.push(offsets.at(-1)! + group.length);
        const packed = packedGroupAdvantages(
          Float64Array.from(groups.flat()),
          Int32Array.from(offsets),
          {
            ...preset,
            numResponses: Int32Array.from(counts.flat()),
            numTokens: Int32Array.from(counts.flat()),
          },
        );
        const plain = groupAdvantages(groups, {
          ...preset,
          numResponses: counts,
          numTokens: counts,
        });
        expect([...packed]).toEqual(plain.flat());
      }),
    );
  });

  it("names what is wrong", () => {
    expect(() => packedGroupAdvantages(Float64Array.of(1), Int32Array.of())).toThrow(
      "packedGroupAdvantages: groupOffsets must not be empty, got length 0",
    );
    expect(() => packedGroupAdvantages(Float64Array.of(1, 2), Int32Array.of(0, 1))).toThrow(
      "packedGroupAdvantages: groupOffsets must end at the number of entries (2), got 1",
    );
    expect(() => packedGroupAdvantages(Float64Array.of(1, 2), Int32Array.of(1, 2))).toThrow(
      "packedGroupAdvantages: groupOffsets[0] must be 0, got 1",
    );
    expect(() => packedGroupAdvantages(Float64Array.of(1, 2), Int32Array.of(0, 2, 1, 2))).toThrow(
      "packedGroupAdvantages: groupOffsets[2] must be a whole number in [2, 2], got 1",
    );
  });
});

describe("spreadOverTokens", () => {
  it("gives each token the value of its response", () => {
    expect([...spreadOverTokens([0.5, -1, 2], Int32Array.of(0, 2, 2, 3))]).toEqual([0.5, 0.5, 2]);
  });

  it("fills an array that is given", () => {
    const into = new Float32Array(2);
    expect(spreadOverTokens([3], Int32Array.of(0, 2), into)).toBe(into);
    expect([...into]).toEqual([3, 3]);
  });

  it("names what is wrong", () => {
    expect(() => spreadOverTokens([1], Int32Array.of(0, 1, 2))).toThrow(
      "spreadOverTokens: offsets must have one entry more than values (1), got length 3",
    );
    expect(() => spreadOverTokens([NaN], Int32Array.of(0, 1))).toThrow(
      "spreadOverTokens: values[0] must be finite, got NaN",
    );
  });
});
