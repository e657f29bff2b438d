import type { Objective } from "@turnwise/core";
import type { TaskSource } from "@turnwise/envs";
import { grpo, shareCredit, type AdvantageEstimator } from "@turnwise/estimators";
import { describe, expect, it } from "vitest";
import { householdGames } from "../experiments/household-games.ts";
import { InputError } from "../input-error.ts";
import type { Experiment } from "./experiment.ts";
import { openExperiment } from "./open-experiment.ts";
import { definePart } from "./part.ts";

const tasks: TaskSource = {
  name: "echo",
  description: "says what it hears",
  training: [{ id: "1", kind: "echo" }],
  evaluation: [],
  createEnvironment: async () => ({
    reset: async () => ({ text: "say" }),
    step: async (text) => ({ text, reward: 1, isTerminal: true, isSuccess: true }),
    close: async () => undefined,
  }),
  format: {
    presentation: "turn-wise",
    prompt: () => "say",
    write: (action) => action,
    parse: (action) => ({ action, isValid: true }),
  },
};

const scaledLogProbs = definePart({
  name: "scaled-log-probs",
  options: { factor: 2 },
  create: ({ factor }): Objective => ({
    // The name of an objective includes its options, like the names of built-in objectives.
    name: `scaled-log-probs(factor=${factor})`,
    needs: ["advantages"],
    evaluate: (operations, { newLogProbs, weights }) => {
      const losses = operations.multiply(newLogProbs, -factor);
      return {
        loss: operations.sum(operations.multiply(weights, losses)),
        metrics: { weight: operations.sum(weights) },
      };
    },
  }),
});

const nothing = definePart({
  name: "nothing",
  options: { value: 0 },
  create: ({ value }): AdvantageEstimator => ({
    name: `nothing(value=${value})`,
    estimate: ({ groups, rows }) =>
      shareCredit(
        rows,
        groups.map(({ trajectories }) => trajectories.map(({ turns }) => turns.map(() => value))),
      ),
  }),
});

function experiment(changes: Partial<Experiment> = {}): Experiment {
  return {
    ...householdGames(1),
    experiment: "mine",
    tasks,
    algorithm: { ...grpo, kl: { kind: "none" }, surrogate: scaledLogProbs, advantages: nothing },
    ...changes,
  };
}

describe("openExperiment", () => {
  it("creates the parts of an experiment, whose names may state their options", async () => {
    const opened = await openExperiment(experiment());
    expect(opened.tasks).toBe(tasks);
    expect(opened.modulator.name).toContain("aem");
    expect(opened.algorithm.objective.name).toContain("scaled-log-probs(factor=2)");
    expect(opened.settings.tasks).toEqual({ environment: "custom", name: "echo", options: {} });
    expect(opened.settings.algorithm.surrogate).toEqual({
      kind: "custom",
      name: "scaled-log-probs",
      options: { factor: 2 },
    });
  });

  it("names the experiment and the setting that is wrong", async () => {
    const { training } = householdGames(1);
    await expect(
      openExperiment(experiment({ training: { ...training, groupSize: 0 } })),
    ).rejects.toThrow(/^mine: training\.groupSize must be .*, got 0$/u);
    await expect(
      openExperiment(experiment({ modulation: { kind: "custom", name: "gone" } })),
    ).rejects.toThrow(
      new InputError(
        "modulation.name must name a component of the experiment's module (which has none), got gone",
      ),
    );
  });
});
