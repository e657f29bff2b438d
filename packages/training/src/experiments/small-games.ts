import type { FrozenlakeTasks } from "@turnwise/envs/frozenlake";
import type { SokobanTasks } from "@turnwise/envs/sokoban";
import type { TextcraftTasks } from "@turnwise/envs/textcraft";
import type { InputOn } from "../experiment/run-schema.ts";
import { householdGames } from "./household-games.ts";

/**
 * Creates the settings that the grid experiments share: short prompts with one state each, and many
 * iterations.
 */
function createGridSettings(seed: number) {
  const household = householdGames(seed);
  return {
    ...household,
    episode: { maxTurns: 12, maxResponseTokens: 4, successReward: 10, invalidActionPenalty: 0.5 },
    model: { ...household.model, maxTokens: 64 },
    warmStart: {
      ...household.warmStart,
      slipShare: 0.1,
      renames: false,
      epochs: 8,
      minibatchSize: 16,
    },
  } satisfies Partial<InputOn<unknown>>;
}

/** A small agent learns to push a box onto its target: a few demonstrations, then GRPO with AEM. */
export function pushingBoxes(seed: number) {
  const grid = createGridSettings(seed);
  return {
    ...grid,
    experiment: "sokoban",
    tasks: {
      environment: "sokoban",
      width: 6,
      height: 6,
      numBoxes: 1,
      minSolution: 1,
      maxSolution: 8,
      reward: "success",
      format: "compact",
      template: "chat-markup",
      maxMoves: 12,
      numTraining: 2048,
      evaluation: [{ split: "held_out", numTasks: 256 }],
    },
    warmStart: { ...grid.warmStart, numDemonstrations: 200 },
    training: { ...grid.training, iterations: 100 },
    evaluation: { every: 50, temperature: 1 },
  } satisfies InputOn<SokobanTasks>;
}

/** A small agent learns to cross frozen lakes: very few demonstrations, then GRPO with AEM. */
export function crossingLakes(seed: number) {
  const grid = createGridSettings(seed);
  return {
    ...grid,
    experiment: "frozenlake",
    tasks: {
      environment: "frozenlake",
      size: 4,
      holeShare: 0.25,
      minPath: 2,
      isSlippery: false,
      format: "compact",
      template: "chat-markup",
      maxMoves: 12,
      numTraining: 2048,
      evaluation: [{ split: "held_out", numTasks: 256 }],
    },
    warmStart: { ...grid.warmStart, numDemonstrations: 50 },
    training: { ...grid.training, iterations: 150 },
    evaluation: { every: 50, temperature: 1 },
  } satisfies InputOn<FrozenlakeTasks>;
}

/** A small agent crafts by recipes that differ in every task: demonstrations, then GRPO with AEM. */
export function craftingItems(seed: number) {
  const household = householdGames(seed);
  return {
    ...household,
    experiment: "textcraft",
    tasks: {
      environment: "textcraft",
      path: null,
      minDepth: 1,
      maxDepth: 1,
      maxIngredients: 2,
      maxCount: 2,
      maxOutput: 1,
      numDistractors: 1,
      format: "compact",
      template: "chat-markup",
      numTraining: 2048,
      evaluation: [{ split: "held_out", numTasks: 256 }],
    },
    episode: { maxTurns: 12, maxResponseTokens: 6, successReward: 10, invalidActionPenalty: 0.5 },
    model: { ...household.model, maxTokens: 512 },
    warmStart: {
      ...household.warmStart,
      numDemonstrations: 1000,
      slipShare: 0.1,
      epochs: 12,
      contextWeight: 0.02,
    },
    training: { ...household.training, iterations: 40 },
    evaluation: { every: 20, temperature: 1 },
  } satisfies InputOn<TextcraftTasks>;
}
