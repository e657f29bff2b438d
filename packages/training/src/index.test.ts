import { expect, it } from "vitest";
import * as training from "./index.ts";

it("exports what is meant for others", () => {
  expect(Object.keys(training).sort()).toMatchInlineSnapshot(`
    [
      "InputError",
      "RunFolder",
      "StoppedRun",
      "alfworldGrpoAem",
      "alfworldGrpoAemReleased",
      "algorithms",
      "applySettings",
      "chatFormat",
      "checkConfig",
      "checkModel",
      "checkedDevice",
      "closingSummary",
      "deepswe",
      "deepsweDemo",
      "defaultEvaluationSplit",
      "didYouMean",
      "duration",
      "evaluate",
      "evaluationTexts",
      "findSimilarPath",
      "jsonReporter",
      "languageModelRun",
      "missingChatWarning",
      "openEvaluatedPolicy",
      "openShop",
      "openTasks",
      "passCurve",
      "percent",
      "plainFormat",
      "policyFolder",
      "reading",
      "resolveConfig",
      "styled",
      "terminalWidth",
      "textReporter",
      "train",
      "versions",
      "webshopGrpoAem",
      "webshopGrpoAemReleased",
    ]
  `);
});
