import { InputError } from "@turnwise/core";
import { expect, it } from "vitest";
import { openWebshopTasks, webshopTasksSchema, type WebshopTasks } from "./webshop-tasks.ts";

const settings: WebshopTasks = webshopTasksSchema.parse({
  environment: "webshop",
  catalogue: null,
  products: null,
  attributes: null,
  humanInstructions: null,
  numProducts: 60,
  goals: "synthetic",
  compat: "none",
  splits: "products",
  format: "compact",
  shownProducts: 5,
  hurry: 0,
  reward: "success",
  numTraining: 4,
  evaluation: [
    { split: "validation", numTasks: 2 },
    { split: "elsewhere", numTasks: 2, ifPresent: true },
  ],
});

it("opens a shop from its settings, without a trainer", async () => {
  const source = await openWebshopTasks(settings, { maxTurns: 5, successReward: 10 }, 1);
  expect(source.training).toHaveLength(4);
  expect(source.evaluation.map(({ split, tasks }) => [split, tasks.length])).toEqual([
    ["validation", 2],
  ]);
  const environment = await source.createEnvironment(source.training[0]!);
  expect((await environment.reset()).text).not.toBe("");
  await environment.close();
  await source.close?.();
});

it("rejects a split that the scheme does not have", async () => {
  const evaluation = [{ split: "elsewhere", numTasks: 1 }];
  await expect(
    openWebshopTasks({ ...settings, evaluation }, { maxTurns: 5, successReward: 10 }, 1),
  ).rejects.toThrow(
    new InputError("webshop: split must be one of train, validation, test, got elsewhere"),
  );
});
