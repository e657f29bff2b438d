import type { TrainConfig } from "../src/config.ts";

/**
 * A small agent learns household games on a laptop: a warm start from demonstrations, then GRPO with
 * AEM. Ten minutes on two cores.
 */
export function alfworldGrpoAem(seed: number): TrainConfig {
  return {
    recipe: "alfworld-grpo-aem",
    seed,
    games: {
      path: null,
      size: "small",
      numTraining: 512,
      evaluation: [{ split: "held_out", numGames: 128 }],
    },
    episode: {
      maxTurns: 24,
      maxResponseTokens: 10,
      successReward: 10,
      invalidActionPenalty: 0.1,
    },
    model: {
      hiddenSize: 128,
      intermediateSize: 384,
      numLayers: 4,
      numHeads: 4,
      numKeyValueHeads: 2,
      maxTokens: 1024,
    },
    warmStart: {
      numDemonstrations: 400,
      epochs: 10,
      minibatchSize: 32,
      learningRate: 2e-3,
      finalShare: 0.1,
      contextWeight: 0.1,
    },
    training: {
      iterations: 40,
      groupsPerIteration: 16,
      groupSize: 8,
      temperature: 1,
      minibatches: 2,
      epochs: 1,
      learningRate: 3e-4,
      warmUpUpdates: 5,
      weightDecay: 0.01,
      maxGradientNorm: 1,
      clipLow: 0.2,
      clipHigh: 0.28,
      klCoefficient: 0,
      advantages: "verl",
      aggregation: "token-mean",
    },
    modulation: { kind: "aem", strength: 1, minEntropyRange: 0.1 },
    evaluation: { every: 10, temperature: 1 },
    engine: { threads: 2, microbatchTokens: 8192 },
    checkpoints: { every: 1, keep: 2 },
  };
}
