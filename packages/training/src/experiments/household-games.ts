import type { AlfworldTasks } from "@turnwise/envs/alfworld";
import { grpo, grpoPresets } from "@turnwise/estimators";
import type { InputOn } from "../experiment/run-schema.ts";
import { defaultTolerance } from "../loop/play-groups.ts";
import { cpuEngine } from "./cpu-engine.ts";

/** All games of the splits; demonstrators act carefully. */
const everyGame = {
  kinds: null,
  indices: null,
  paths: null,
  include: [],
  strict: false,
  wording: "move" as const,
  humanGoals: null,
  hurry: 0,
};

/**
 * A small agent learns household games on a laptop: a warm start from a limited number of
 * demonstrations, then GRPO with AEM, in at most ten minutes on two cores.
 */
export function householdGames(seed: number) {
  return {
    experiment: "alfworld",
    seed,
    tasks: {
      environment: "alfworld",
      path: null,
      size: "small",
      format: "compact",
      numTraining: 4096,
      evaluation: [{ split: "held_out", numTasks: 256 }],
      ...everyGame,
    },
    // Success pays 10, and an inadmissible action costs a twentieth of that. In verl-agent the
    // penalty is a hundredth, and applies only to responses without an action, which cannot occur
    // here.
    episode: {
      maxTurns: 20,
      maxResponseTokens: 8,
      successReward: 10,
      invalidActionPenalty: 0.5,
    },
    model: {
      source: "new",
      hiddenSize: 64,
      intermediateSize: 192,
      numLayers: 3,
      numHeads: 4,
      numKeyValueHeads: 2,
      maxTokens: 1024,
    },
    warmStart: {
      numDemonstrations: 1000,
      slipShare: 0.15,
      renames: true,
      epochs: 8,
      minibatchSize: 8,
      learningRate: 5e-3,
      finalShare: 0.1,
      contextWeight: 0.3,
    },
    training: {
      iterations: 100,
      groupsPerIteration: 32,
      groupSize: 8,
      temperature: 1,
      minibatches: 2,
      epochs: 1,
      learningRate: 8e-4,
      finalShare: 0.1,
      warmUpUpdates: 5,
      weightDecay: 0.01,
      maxGradientNorm: 1,
    },
    algorithm: {
      ...grpo,
      // Do not scale: if all siblings fail, their returns differ only by penalties, and dividing by
      // a small standard deviation would make penalties count as much as success.
      advantages: {
        kind: "group",
        ...grpoPresets.drGrpo,
        credit: "response",
        statisticsOver: "responses",
      },
      surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.28 },
      kl: { kind: "none" },
      groupFilter: { kind: "drop-flat", maxRounds: 1 },
    },
    modulation: { kind: "aem", strength: 1, minEntropyRange: 0.1 },
    evaluation: { every: 25, temperature: 1 },
    engine: cpuEngine,
    failures: defaultTolerance,
    checkpoints: { every: 1, keep: 2 },
  } satisfies InputOn<AlfworldTasks>;
}

/**
 * {@link householdGames} on released games: rooms are larger, so it needs more demonstrations, more
 * turns and longer sequences.
 * @param path - Folder or archive of `game.tw-pddl` files.
 */
export function releasedHouseholdGames(seed: number, path: string) {
  const small = householdGames(seed);
  return {
    ...small,
    experiment: "alfworld-released",
    tasks: {
      environment: "alfworld",
      path,
      size: "small",
      format: "compact",
      numTraining: 4096,
      evaluation: [
        { split: "valid_seen", numTasks: 140, ifPresent: true },
        { split: "valid_unseen", numTasks: 134, ifPresent: true },
      ],
      ...everyGame,
    },
    episode: { ...small.episode, maxTurns: 30 },
    warmStart: { ...small.warmStart, numDemonstrations: 3000, epochs: 4 },
    training: { ...small.training, iterations: 60 },
  } satisfies InputOn<AlfworldTasks>;
}
