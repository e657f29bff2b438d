import type { HarborTasks } from "@turnwise/envs/harbor";
import type { InputOn } from "../experiment/run-schema.ts";
import { deepSweRun, softwareDemo } from "./software.ts";

/** A small agent learns the example tasks: a warm start from their solutions, then GRPO++ with AEM. */
export function terminalDemo(seed: number) {
  const demo = softwareDemo(seed);
  return {
    ...demo,
    experiment: "harbor",
    tasks: {
      environment: "harbor",
      path: null,
      evaluationPath: null,
      skipInvalid: false,
      categories: [],
      format: "compact",
      template: "plain",
      hosts: [{ address: null, maxContainers: 8 }],
      pull: "never",
      imageBudgetGigabytes: null,
      memoryGigabytes: 0.5,
      cpus: 1,
      network: "none",
      capabilities: "standard",
      hostVariables: [],
      commandSeconds: 20,
      episodeSeconds: 120,
      verifierSeconds: 60,
      verifierFailure: "zero",
      leftovers: "keep",
      stepLimit: "grade",
      timeLimit: "fail",
      numTraining: 16,
      // There are no other example tasks, so evaluate on the training tasks.
      evaluation: [{ split: "train", numTasks: 16 }],
      shownCharacters: 400,
    },
    episode: { ...demo.episode, maxTurns: 4 },
    // After this many epochs, about one in three sampled episodes succeeds.
    warmStart: { ...demo.warmStart, numDemonstrations: 12, epochs: 28 },
    training: { ...demo.training, iterations: 16, groupsPerIteration: 3 },
  } satisfies InputOn<HarborTasks>;
}

/**
 * A language model on a folder of Harbor tasks, with the settings of DeepSWE. Time limits, images,
 * networks and resources are those of each task.
 */
export function terminalRun(seed: number, path: string) {
  const { tasks: _, ...run } = deepSweRun(seed, path);
  const demo = terminalDemo(seed);
  return {
    ...run,
    experiment: "harbor-tasks",
    tasks: {
      ...demo.tasks,
      path,
      format: "bash",
      template: "chat-markup",
      hosts: [{ address: null, maxContainers: 16 }],
      pull: "missing",
      memoryGigabytes: 4,
      network: "task",
      commandSeconds: 120,
      episodeSeconds: null,
      verifierSeconds: null,
      stepLimit: "grade",
      timeLimit: "grade",
      numTraining: 4096,
      evaluation: [{ split: "train", numTasks: 32 }],
      shownCharacters: 10_000,
    },
  } satisfies InputOn<HarborTasks>;
}
