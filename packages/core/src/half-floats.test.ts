import fc from "fast-check";
import { expect, test } from "vitest";
import {
  findNonFinite,
  findNonFiniteHalf,
  narrowToHalves,
  widenHalves,
  type HalfType,
} from "./half-floats.ts";

const narrow = (type: HalfType, value: number): number => {
  const target = new Uint16Array(1);
  narrowToHalves(type, Float32Array.of(value), target);
  return target[0]!;
};
const widen = (type: HalfType, half: number): number => {
  const target = new Float32Array(1);
  widenHalves(type, Uint16Array.of(half), target);
  return target[0]!;
};

test("rounds to the nearest half, ties to even", () => {
  // binary16 has 10 fraction bits: above 2048 it represents only every second integer.
  expect(widen("F16", narrow("F16", 2049))).toBe(2048);
  expect(widen("F16", narrow("F16", 2051))).toBe(2052);
  // bfloat16 has 7 fraction bits: above 256 it represents only every second integer.
  expect(widen("BF16", narrow("BF16", 257))).toBe(256);
  expect(widen("BF16", narrow("BF16", 259))).toBe(260);
  // 65504 is the largest binary16; 65520 rounds to infinity.
  expect(widen("F16", narrow("F16", 65519))).toBe(65504);
  expect(narrow("F16", 65520)).toBe(0x7c00);
  // The smallest subnormal; half of it ties with 0.
  expect(narrow("F16", 2 ** -24)).toBe(1);
  expect(narrow("F16", 2 ** -25)).toBe(0);
  expect(narrow("F16", 1.5 * 2 ** -25)).toBe(1);
  expect(narrow("F16", -1e-30)).toBe(0x8000);
});

test.each(["F16", "BF16"] as const)("%s: every half converts back to itself", (type) => {
  const halves = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half);
  const wide = new Float32Array(halves.length);
  widenHalves(type, halves, wide);
  const back = new Uint16Array(halves.length);
  narrowToHalves(type, wide, back);
  const isWrong = (half: number): boolean =>
    back[half] !== half && !(Number.isNaN(wide[half]) && Number.isNaN(widen(type, back[half]!)));
  expect(halves.filter(isWrong)).toEqual(new Uint16Array());
});

test.each(["F16", "BF16"] as const)("%s: no half is closer than the one chosen", (type) => {
  const largest = type === "F16" ? 0x7bff : 0x7f7f;
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const half = narrow(type, value);
      const magnitude = half & 0x7fff;
      // For rounding, infinity counts as the next larger number.
      const step = widen(type, largest) - widen(type, largest - 1);
      const numberOf = (bits: number): number =>
        bits > largest ? widen(type, largest) + step : widen(type, bits);
      const distance = Math.abs(numberOf(magnitude) - Math.abs(value));
      const others = [Math.max(magnitude - 1, 0), Math.min(magnitude + 1, largest + 1)];
      for (const other of magnitude > largest ? [largest] : others) {
        const isBeyond = magnitude > largest && Math.abs(value) > numberOf(magnitude);
        expect(isBeyond || distance <= Math.abs(numberOf(other) - Math.abs(value))).toBe(true);
      }
      expect(half >> 15).toBe(Object.is(value, -0) || value < 0 ? 1 : 0);
    }),
  );
});

test("finds the first entry that is not finite", () => {
  expect(findNonFinite(Float32Array.of(1, -0, 3e38))).toBe(-1);
  expect(findNonFinite(Float32Array.of(1, Number.NaN, Number.POSITIVE_INFINITY))).toBe(1);
  expect(findNonFinite(Float32Array.of(Number.NEGATIVE_INFINITY))).toBe(0);
  expect(findNonFinite(new Float32Array())).toBe(-1);
});

test.each(["F16", "BF16"] as const)("finds the first %s that is not finite", (type) => {
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half);
  const wide = new Float32Array(all.length);
  widenHalves(type, all, wide);
  for (const half of all) {
    const found = findNonFiniteHalf(type, all.subarray(half, half + 1));
    if ((found === 0) === Number.isFinite(wide[half])) throw new Error(`half ${half}`);
  }
  expect(findNonFiniteHalf(type, Uint16Array.of(0, 1, 0xffff, 0xffff))).toBe(2);
});
