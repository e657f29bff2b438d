import { InputError } from "@turnwise/core";
import { expect, it } from "vitest";
import { openSwebenchTasks, swebenchTasksSchema } from "./swebench-tasks.ts";

it("rejects the template of hosted models if the caller has none", async () => {
  const settings = swebenchTasksSchema.parse({
    environment: "swebench",
    path: null,
    evaluationPath: null,
    repositories: [],
    format: "r2e",
    template: "messages",
    hosts: [{ address: null, maxContainers: 1 }],
    pull: "never",
    imageBudgetGigabytes: null,
    memoryGigabytes: 1,
    cpus: 1,
    commandSeconds: 1,
    episodeSeconds: 1,
    testSeconds: null,
    testNetwork: "none",
    stepLimit: "cut",
    timeLimit: "fail",
    reuseVerdicts: false,
    numTraining: 1,
    evaluation: [],
    demonstrators: "able",
    shownCharacters: 1,
  });
  expect(settings).toMatchObject({ skipInvalid: false, grading: "official", fields: {} });
  await expect(openSwebenchTasks(settings, { maxTurns: 1, successReward: 1 }, 1)).rejects.toThrow(
    new InputError(
      "swebench: tasks.template must be chat-markup or plain for a model that is not a hosted chat model, got messages",
    ),
  );
});
