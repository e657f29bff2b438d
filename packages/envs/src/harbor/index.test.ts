import { expect, it } from "vitest";
import * as harbor from "./index.ts";

it("exports Harbor tasks", () => {
  expect(Object.keys(harbor).toSorted()).toMatchInlineSnapshot(`
    [
      "HarborTaskError",
      "createHarborTools",
      "exampleFiles",
      "harborEnvironment",
      "harborEnvironmentFactory",
      "harborTasks",
      "harborTasksSchema",
      "loadExampleTasks",
      "loadHarborTasks",
      "openHarborTasks",
      "parseTaskSettings",
      "readReward",
      "readTask",
      "terminalScaffolds",
      "verifyTask",
      "writeTask",
    ]
  `);
});
