import { describe, expect, it } from "vitest";
import { findSettingDifferences } from "../experiment/setting-rows.ts";
import { planCells } from "./plan-cells.ts";
import { computeStartKey } from "./compute-start-key.ts";
import { createToyStudy } from "./testing/toy-study.ts";

const machine = {
  versions: { turnwise: "0.1.0", node: "v20.19.0" },
  platform: "linux x64",
  processor: "a CPU",
};

describe("planCells", () => {
  it("runs all arms of a seed before the next seed, in every experiment", async () => {
    const experiments = [
      { name: "one", experiment: "./toy-experiment.ts" },
      { name: "two", experiment: "./toy-experiment.ts", settings: { episode: { maxTurns: 3 } } },
    ];
    const plans = await planCells(createToyStudy({ experiments, seeds: [4, 5] }));
    expect(plans.map(({ name }) => name)).toEqual([
      "one-none-seed4",
      "one-aem-seed4",
      "two-none-seed4",
      "two-aem-seed4",
      "one-none-seed5",
      "one-aem-seed5",
      "two-none-seed5",
      "two-aem-seed5",
    ]);
    expect(plans[2]!.overlay).toEqual({ episode: { maxTurns: 3 } });
    expect(plans[2]!.settings.seed).toBe(4);
  });

  it("runs an arm in the experiments that it names", async () => {
    const experiments = ["one", "two"].map((name) => ({
      name,
      experiment: "./toy-experiment.ts",
    }));
    const arms = [{ name: "strong", settings: {}, experiments: ["two"] }];
    const plans = await planCells(createToyStudy({ experiments, arms }));
    expect(plans.map(({ name }) => name)).toEqual([
      "one-none-seed1",
      "one-aem-seed1",
      "two-none-seed1",
      "two-aem-seed1",
      "two-strong-seed1",
    ]);
  });

  it("pairs arms: only their own settings differ, and they share their start", async () => {
    const arms = [
      { name: "fast", modulator: "none", settings: { training: { learningRate: 0.01 } } },
      { name: "strict", modulator: "none", settings: { training: { maxGradientNorm: 2 } } },
    ];
    const [none, aem, fast, strict] = await planCells(createToyStudy({ arms }));
    const paths = (other: typeof none): string[] =>
      findSettingDifferences(none!.settings, other!.settings).map(({ path }) => path);
    expect(new Set(paths(aem).map((path) => path.split(".")[0]))).toEqual(new Set(["modulation"]));
    expect(paths(fast)).toEqual(["training.learningRate"]);
    const key = (plan: typeof none): string | undefined => computeStartKey({ ...plan!, machine });
    expect(key(aem)).toBe(key(none));
    expect(key(fast)).toBe(key(none));
    // The setting also applies to the warm start, which clips gradients too.
    expect(key(strict)).not.toBe(key(none));
    const elsewhere = computeStartKey({ ...none!, machine: { ...machine, processor: "another" } });
    expect(elsewhere).not.toBe(key(none));
  });

  it("changes presets, and the experiment's own algorithm", async () => {
    const arms = [
      { name: "wide", algorithm: { preset: "dapo", surrogate: { clipHigh: 0.5 } } },
      { name: "own", algorithm: { surrogate: { clipHigh: 0.4 } } },
      { name: "strong", modulator: { preset: "aem", strength: 2 } },
    ];
    const plans = await planCells(createToyStudy({ arms }));
    const [wide, own, strong] = plans.slice(2).map(({ settings }) => settings);
    expect(wide!.algorithm.surrogate).toMatchObject({ clipLow: 0.2, clipHigh: 0.5 });
    expect(own!.algorithm.surrogate).toMatchObject({ clipLow: 0.2, clipHigh: 0.4 });
    expect(own!.algorithm.advantages).toMatchObject({ scale: "none" });
    expect(strong!.modulation).toMatchObject({ kind: "aem", strength: 2 });
  });

  it("sets the number of evaluation tasks", async () => {
    const study = createToyStudy({ experiments: ["alfworld"], metric: { split: "held_out" } });
    const [plan] = await planCells(study);
    expect(plan!.settings.tasks).toMatchObject({ evaluation: [{ numTasks: 4 }] });
  });

  it("names the arm and the wrong setting", async () => {
    const plan = async (change: Parameters<typeof createToyStudy>[0]): Promise<unknown> =>
      planCells(createToyStudy(change));
    await expect(plan({ arms: [{ name: "x", algorithm: "gpro" }] })).rejects.toThrow(
      /arms\.x\.algorithm must be one of .*, got gpro \(did you mean grpo\?\)/u,
    );
    const arms = [{ name: "x", settings: { training: { rate: 1 } } }];
    await expect(plan({ arms })).rejects.toThrow(/arms\.x\.settings: training\.rate must be a/u);
    await expect(plan({ experiments: ["alfworld"] })).rejects.toThrow(
      "metric.split must be a split of alfworld (held_out), got all",
    );
    const greedy = [
      { experiment: "./toy-experiment.ts", settings: { evaluation: { modes: ["greedy"] } } },
    ].map((entry) => ({ ...entry, name: "numbers" }));
    await expect(plan({ experiments: greedy })).rejects.toThrow(
      "metric.mode must be one of evaluation.modes of numbers (greedy), got sampled",
    );
  });
});
