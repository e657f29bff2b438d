import type { Objective } from "@turnwise/core";
import type { TaskSource } from "@turnwise/envs";
import { clippedSurrogate } from "@turnwise/estimators";
import { expect, it } from "vitest";
import { checkConfig } from "../settings/config.ts";
import { householdGames } from "../experiments/household-games.ts";
import {
  findBuiltInParts,
  createAlgorithm,
  splitExperiment,
  type Experiment,
} from "./experiment.ts";
import { definePart } from "./part.ts";

/** Part whose objective has the name of the built-in surrogate, which includes the options. */
const narrowClip = definePart<Objective, { readonly clip: number }>({
  name: "narrow-clip",
  options: { clip: 0.1 },
  create: ({ clip }) => clippedSurrogate({ clipLow: clip, clipHigh: clip }),
});

function withNarrowClip(seed: number): Experiment {
  const base = householdGames(seed);
  return { ...base, algorithm: { ...base.algorithm, surrogate: narrowClip } };
}

it("accepts a component whose name states its options", async () => {
  const { settings, parts } = splitExperiment(withNarrowClip(1));
  const algorithm = await createAlgorithm(checkConfig(settings, "test"), parts);
  expect(algorithm.objective.name).toBe(clippedSurrogate({ clipLow: 0.1, clipHigh: 0.1 }).name);
});

it("refuses a name that the module does not have", async () => {
  const { settings } = splitExperiment(withNarrowClip(1));
  const config = checkConfig(settings, "test");
  await expect(createAlgorithm(config, new Map())).rejects.toThrow(
    "algorithm.surrogate.name must name a component of the experiment's module (which has none), got narrow-clip",
  );
});

it("recreates the components of a built-in experiment", () => {
  const tasks = definePart<TaskSource, { readonly highest: number }>({
    name: "numbers",
    options: { highest: 7 },
    create: () => Promise.reject(new Error("not opened here")),
  });
  const create = (seed: number): Experiment => ({ ...withNarrowClip(seed), tasks });
  const entries = [{ name: "numbers", create }];
  const parts = findBuiltInParts({ experiment: "numbers", seed: 1 }, entries);
  expect([...parts.keys()].sort()).toEqual(["algorithm.surrogate", "tasks"]);
  expect(parts.get("tasks")).toBe(tasks);
  expect(findBuiltInParts({ experiment: "other", seed: 1 }, entries).size).toBe(0);
});
