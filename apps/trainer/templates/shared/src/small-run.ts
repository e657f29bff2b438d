import type { Experiment } from "@turnwise/training";

/** Makes the settings of a run that takes seconds on a CPU: all but tasks, algorithm and modulation. */
export function smallRun(seed: number): Omit<Experiment, "tasks" | "algorithm" | "modulation"> {
  return {
    experiment: "my-package",
    seed,
    episode: { maxTurns: 3, maxResponseTokens: 2, successReward: 1, invalidActionPenalty: 0.1 },
    model: {
      source: "new",
      hiddenSize: 32,
      intermediateSize: 96,
      numLayers: 2,
      numHeads: 2,
      numKeyValueHeads: 2,
      maxTokens: 64,
    },
    // No warm start: the policy starts from random weights.
    warmStart: {
      numDemonstrations: 0,
      slipShare: 0,
      renames: false,
      epochs: 0,
      minibatchSize: 8,
      learningRate: 4e-3,
      finalShare: 1,
      contextWeight: 0,
    },
    training: {
      iterations: 30,
      groupsPerIteration: 14,
      groupSize: 8,
      temperature: 1,
      minibatches: 2,
      epochs: 1,
      learningRate: 4e-3,
      finalShare: 0.5,
      warmUpUpdates: 0,
      weightDecay: 0,
      maxGradientNorm: 1,
    },
    evaluation: { every: 0, temperature: 1 },
    engine: {
      threads: 2,
      provider: "cpu",
      microbatchTokens: 2048,
      recomputeLayers: false,
    },
    checkpoints: { every: 1, keep: 2 },
  };
}
