import { expect, it } from "vitest";
import * as statistics from "./index.ts";

it("exports what it means to", () => {
  expect(Object.keys(statistics).sort()).toMatchInlineSnapshot(`
    [
      "areaUnderCurve",
      "bcaCoverage",
      "bcaInterval",
      "clusteredRateInterval",
      "countSeedsNeeded",
      "detectableEffect",
      "holmAdjust",
      "improvementProbability",
      "meanCurve",
      "pairBySeed",
      "pairedPower",
      "pairedRateVariance",
      "rateVariance",
      "signFlipTest",
      "summarizeSeeds",
      "tInterval",
      "toleranceFactor",
      "toleranceInterval",
      "varianceComponents",
      "welchInterval",
      "wilsonInterval",
    ]
  `);
});
