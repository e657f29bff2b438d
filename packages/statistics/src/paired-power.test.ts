import { expect, it } from "vitest";
import { detectableEffect, pairedPower, countSeedsNeeded } from "./paired-power.ts";

it("needs ten seeds for an effect of one standard deviation", () => {
  expect([5, 8, 10].map((n) => pairedPower(1, n).toFixed(2))).toEqual(["0.40", "0.68", "0.80"]);
  expect(countSeedsNeeded(1)).toBe(10);
  expect(countSeedsNeeded(-1)).toBe(10);
  expect(detectableEffect(10)).toBeCloseTo(0.996, 3);
});

it("is the level without an effect, and 0 or 1 in the limits", () => {
  expect(pairedPower(0, 7, { level: 0.1 })).toBeCloseTo(0.1, 9);
  expect(pairedPower(100, 5)).toBeCloseTo(1, 9);
  expect(pairedPower(0.001, 1_000_000)).toBeCloseTo(0.17, 2);
});

it("names what is wrong", () => {
  expect(() => pairedPower(Number.NaN, 5)).toThrow("pairedPower: effect must be finite, got NaN");
  expect(() => pairedPower(1, 5, { level: 0 })).toThrow(
    "pairedPower: level must be in [0.001, 1), got 0",
  );
  expect(() => detectableEffect(5, { power: 0.01 })).toThrow(
    "detectableEffect: power must be > level (0.05), got 0.01",
  );
  expect(() => countSeedsNeeded(0)).toThrow(
    "countSeedsNeeded: effect must be finite and > 0, got 0",
  );
  expect(() => countSeedsNeeded(1e-6)).toThrow(
    "countSeedsNeeded: effect must be detectable with 1048576 seeds, got 0.000001",
  );
});
