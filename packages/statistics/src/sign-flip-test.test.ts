import { createRandom } from "@turnwise/core";
import { expect, it } from "vitest";
import { signFlipTest } from "./sign-flip-test.ts";

const random = createRandom("signs");

it("counts the sign assignments that are as extreme", () => {
  // |+1+2-3| = 0 ... |1+2+3| = 6: of 8 assignments only +++ and --- reach 6.
  expect(signFlipTest([1, 2, 3], random)).toEqual({ p: 0.25, smallestP: 0.25, standardError: 0 });
  // +++ and -++ have the sum 4, their mirror images -4: 4 of 8 assignments.
  expect(signFlipTest([-1, 2, 3], random).p).toBe(0.5);
});

it("cannot reach 5 % with five seeds", () => {
  expect(signFlipTest([9, 9, 9, 9, 9], random).p).toBe(0.0625);
  expect(signFlipTest([9, 9, 9, 9, 9, 9], random).p).toBe(0.03125);
});

it("counts sums that differ by rounding alone as ties", () => {
  // In floating point 0.1 + 0.2 - 0.3 is 5.6e-17, not 0; still every assignment must count as
  // extreme.
  expect(signFlipTest([0.1, 0.2, -0.3], random).p).toBe(1);
  expect(signFlipTest([0, 0], random).p).toBe(1);
});

it("is exact for 30 seeds: equal differences follow the binomial distribution", () => {
  // 20 of 30 positive: P(|X - 15| >= 5) for X ~ Binomial(30, 1/2) = 0.09874.
  const differences = Array.from({ length: 30 }, (_, i) => (i < 20 ? 0.7 : -0.7));
  expect(signFlipTest(differences, random).p).toBeCloseTo(0.0987371, 7);
});

it("samples beyond 40 seeds, and states the error", () => {
  // 32 of 50 positive: P(|X - 25| >= 7) = 0.06491.
  const differences = Array.from({ length: 50 }, (_, i) => (i < 32 ? 1 : -1));
  const { p, standardError } = signFlipTest(differences, random, { numResamples: 20_000 });
  expect(standardError).toBeCloseTo(0.0017, 3);
  expect(Math.abs(p - 0.0649086)).toBeLessThan(4 * standardError);
});

it("names what is wrong", () => {
  expect(() => signFlipTest([], random)).toThrow(
    "signFlipTest: differences must have at least 1 seeds, got 0",
  );
  expect(() => signFlipTest([1, Infinity], random)).toThrow(
    "signFlipTest: differences[1] must be finite, got Infinity",
  );
});
