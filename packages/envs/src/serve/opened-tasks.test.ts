import { expect, it } from "vitest";
import { OpenedTasks } from "./opened-tasks.ts";
import { createToyTasks } from "./testing/toy-tasks.ts";

it("ranks tasks by the numbers in their ids", () => {
  const training = ["webshop/10", "webshop/9", "webshop/500"].map((id) => ({ id, kind: "goods" }));
  const tasks = new OpenedTasks({ ...createToyTasks(), training });
  expect([0, 1, 2].map((rank) => tasks.findRanked("train", rank))).toEqual([1, 0, 2]);
});
