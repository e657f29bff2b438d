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
      "chatFormat",
      "checkConfig",
      "checkModel",
      "checkedDevice",
      "closingSummary",
      "deepswe",
      "deepsweDemo",
      "defaultEvaluationSplit",
      "duration",
      "evaluate",
      "evaluationTexts",
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
      "textReporter",
      "train",
      "versions",
      "webshopGrpoAem",
      "webshopGrpoAemReleased",
    ]
  `);
});
