import { expect, it } from "vitest";
import { holmAdjust } from "./holm-adjust.ts";

it("multiplies by the number of tests that are left, and never goes back", () => {
  // Ascending: 3 * 0.01 = 0.03, 2 * 0.03 = 0.06, and 1 * 0.04 = 0.04 is raised to 0.06.
  expect(holmAdjust([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
});

it("leaves a single p alone, and takes none", () => {
  expect(holmAdjust([0.04])).toEqual([0.04]);
  expect(holmAdjust([])).toEqual([]);
});

it("names the p that is wrong", () => {
  expect(() => holmAdjust([0.1, Number.NaN])).toThrow(
    "holmAdjust: pValues[1] must be in [0, 1], got NaN",
  );
});
