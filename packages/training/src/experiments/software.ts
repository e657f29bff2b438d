import type { SwebenchTasks } from "@turnwise/envs/swebench";
import { deepSwe } from "@turnwise/estimators";
import type { InputOn } from "../experiment/run-schema.ts";
import { defaultTolerance } from "../loop/play-groups.ts";
import { cpuEngine } from "./cpu-engine.ts";

/**
 * A small agent learns to fix the demonstration's repositories: a warm start from demonstrations,
 * of which one in three resolves its issue, then DeepSWE's algorithm (GRPO++) with AEM.
 */
export function softwareDemo(seed: number) {
  return {
    experiment: "swebench",
    seed,
    tasks: {
      environment: "swebench",
      path: null,
      evaluationPath: null,
      skipInvalid: false,
      fields: {},
      repositories: [],
      format: "compact",
      template: "plain",
      hosts: [{ address: null, maxContainers: 8 }],
      pull: "never",
      imageBudgetGigabytes: null,
      memoryGigabytes: 0.5,
      cpus: 1,
      commandSeconds: 20,
      episodeSeconds: 300,
      testSeconds: 60,
      testNetwork: "none",
      grading: "strict",
      testTimeout: "unresolved",
      outOfMemory: "fail",
      // Grade at the limit: if truncated episodes were masked from the loss, a small agent would
      // learn to run into the limit after a wrong edit.
      stepLimit: "grade",
      timeLimit: "fail",
      reuseVerdicts: true,
      numTraining: 8,
      demonstrators: "mixed",
      // The demo has no other tasks, so evaluate on the training tasks.
      evaluation: [{ split: "train", numTasks: 8 }],
      shownCharacters: 400,
    },
    episode: {
      maxTurns: 6,
      maxResponseTokens: 128,
      successReward: 1,
      invalidActionPenalty: 0,
    },
    model: {
      source: "new",
      hiddenSize: 64,
      intermediateSize: 192,
      numLayers: 2,
      numHeads: 4,
      numKeyValueHeads: 2,
      maxTokens: 2048,
    },
    warmStart: {
      numDemonstrations: 24,
      slipShare: 0,
      renames: false,
      // After this many epochs, most calls are valid, and about one in three is correct.
      epochs: 40,
      minibatchSize: 4,
      learningRate: 5e-3,
      finalShare: 0.3,
      contextWeight: 0.1,
    },
    training: {
      iterations: 16,
      groupsPerIteration: 8,
      groupSize: 8,
      temperature: 1,
      minibatches: 1,
      epochs: 1,
      learningRate: 5e-4,
      finalShare: 0.3,
      warmUpUpdates: 2,
      weightDecay: 0,
      maxGradientNorm: 1,
    },
    algorithm: deepSwe,
    modulation: { kind: "aem", strength: 1, minEntropyRange: 0.1 },
    evaluation: { every: 0, temperature: 1 },
    engine: cpuEngine,
    failures: defaultTolerance,
    checkpoints: { every: 1, keep: 2 },
  } satisfies InputOn<SwebenchTasks>;
}

/**
 * DeepSWE as published: R2E-Gym's tools in one growing sequence, leave-one-out baseline, higher
 * upper clip bound, no KL, no entropy bonus, no length normalization, compact filtering. The model
 * comes from a folder or a server.
 * @param path - Path of instances, such as R2E-Gym's subset.
 */
export function deepSweRun(seed: number, path: string) {
  const demo = softwareDemo(seed);
  return {
    ...demo,
    experiment: "swebench-deep-swe",
    tasks: {
      environment: "swebench",
      path,
      evaluationPath: null,
      skipInvalid: false,
      fields: {},
      repositories: [],
      format: "r2e",
      template: "chat-markup",
      hosts: [{ address: null, maxContainers: 64 }],
      pull: "missing",
      imageBudgetGigabytes: null,
      memoryGigabytes: 4,
      cpus: 1,
      commandSeconds: 90,
      episodeSeconds: 5400,
      testSeconds: null,
      testNetwork: "none",
      grading: "strict",
      testTimeout: "unresolved",
      outOfMemory: "fail",
      stepLimit: "cut",
      timeLimit: "fail",
      reuseVerdicts: false,
      demonstrators: "able",
      numTraining: 4500,
      evaluation: [{ split: "held_out", numTasks: 32 }],
      shownCharacters: 10_000,
    },
    // Prompt and all turns together have at most 36,864 tokens, and a response at most 4,096.
    episode: { ...demo.episode, maxTurns: 50, maxResponseTokens: 4096 },
    warmStart: { ...demo.warmStart, numDemonstrations: 0, epochs: 0 },
    training: {
      ...demo.training,
      iterations: 200,
      groupsPerIteration: 64,
      groupSize: 8,
      learningRate: 1e-6,
      finalShare: 1,
      warmUpUpdates: 0,
    },
    evaluation: { every: 10, temperature: 1 },
    checkpoints: { every: 5, keep: 2 },
  } satisfies InputOn<SwebenchTasks>;
}
