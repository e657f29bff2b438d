import { expect, it } from "vitest";
import * as analysis from "./index.ts";

it("exports what is meant for others", () => {
  expect(Object.keys(analysis).sort()).toMatchInlineSnapshot(`
    [
      "analyzeCost",
      "analyzePressure",
      "analyzeProxy",
      "analyzeTransition",
      "analyzeUncertainty",
      "openAnalyzedRun",
      "paperFigures",
      "readTrainingRecords",
      "reportCost",
      "reportPressure",
      "reportProxy",
      "reportTransition",
      "reportUncertainty",
      "transitionMetrics",
      "writeAnalysis",
    ]
  `);
});
