import { openExperiment } from "@turnwise/training";
import { describe, expect, it } from "vitest";
import experiment from "./experiment.ts";

describe("my-experiment", () => {
  it("is valid, and its parts fit together", async () => {
    const { settings, tasks, algorithm } = await openExperiment(experiment(3));
    expect(settings.seed).toBe(3);
    expect(tasks.training).toHaveLength(7);
    expect(algorithm.needs.referenceLogProbs).toBe(false);
  });

  it("is a function of its seed", async () => {
    const { settings } = await openExperiment(experiment(1));
    expect((await openExperiment(experiment(1))).settings).toEqual(settings);
    expect((await openExperiment(experiment(2))).settings).toEqual({ ...settings, seed: 2 });
  });
});
