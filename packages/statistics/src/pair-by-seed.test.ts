import { expect, it } from "vitest";
import { pairBySeed } from "./pair-by-seed.ts";

it("matches seeds, whatever their order, and lists those of one arm alone", () => {
  const treatment = new Map([
    [12, 0.75],
    [3, 0.5],
    [4, 0.25],
  ]);
  const baseline = new Map([
    [3, 0.25],
    [12, 0.5],
    [7, 1],
  ]);
  expect(pairBySeed(treatment, baseline)).toEqual({
    seeds: [3, 12],
    differences: [0.25, 0.25],
    unpaired: [4, 7],
  });
});

it("names arm and seed of a value that is not a number", () => {
  expect(() => pairBySeed(new Map([[3, 1]]), new Map([[3, Number.NaN]]))).toThrow(
    "pairBySeed: baseline.get(3) must be finite, got NaN",
  );
});
