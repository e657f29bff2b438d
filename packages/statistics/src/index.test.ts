import { expect, it } from "vitest";
import * as statistics from "./index.ts";

it("exports what it means to", () => {
  expect(Object.keys(statistics).sort()).toMatchInlineSnapshot(`
    [
      "areaUnderCurve",
      "bcaCoverage",
      "bcaInterval",
      "clusteredRateInterval",
      "correlationInterval",
      "countSeedsNeeded",
      "detectableEffect",
      "holmAdjust",
      "improvementProbability",
      "meanCurve",
      "pairBySeed",
      "pairedPower",
      "pairedRateVariance",
      "rankCorrelation",
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
