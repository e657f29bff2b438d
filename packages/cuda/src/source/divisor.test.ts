import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeDivisor } from "./kernel-writer.ts";

/** Division with the arithmetic that kernels use. */
function divide(index: number, size: number): number {
  const divisor = encodeDivisor(size);
  return Number((BigInt(index) * (divisor & 0xffffffffn)) >> (divisor >> 32n));
}

it("divides every index below 2^31 by every size, rounded down", () => {
  const most = 2 ** 31 - 1;
  const whole = fc.oneof(
    fc.integer({ min: 1, max: most }),
    fc.integer({ min: 0, max: 30 }).map((bits) => 2 ** bits),
    fc.integer({ min: 1, max: 1000 }),
  );
  fc.assert(
    fc.property(whole, whole, fc.integer({ min: -1, max: 1 }), (size, times, off) => {
      // Test indices near multiples of the size, where the quotient changes, and anywhere else.
      const multiple = Math.floor(times / size) * size + off;
      for (const index of [times, Math.min(most, Math.max(0, multiple)), most]) {
        expect(divide(index, size)).toBe(Math.floor(index / size));
        expect(encodeDivisor(size) & 0xffffffffn).toBeLessThan(2n ** 32n);
      }
    }),
    { numRuns: 2000 },
  );
  expect(encodeDivisor(0)).toBe(0n);
});
