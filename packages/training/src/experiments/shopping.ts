import type { WebshopTasks } from "@turnwise/envs/webshop";
import type { InputOn } from "../experiment/run-schema.ts";
import { householdGames } from "./household-games.ts";

/**
 * A small agent learns to shop on a laptop: a warm start from a limited number of demonstrations,
 * then GRPO with AEM, in minutes on two cores.
 */
export function shopping(seed: number) {
  // Model and algorithm are the same as for household games.
  const household = householdGames(seed);
  return {
    ...household,
    experiment: "webshop",
    tasks: {
      environment: "webshop",
      catalogue: null,
      products: null,
      attributes: null,
      humanInstructions: null,
      numProducts: 1000,
      goals: "synthetic",
      compat: "none",
      splits: "products",
      format: "compact",
      shownProducts: 5,
      // Half of the demonstrated choices are random: imitation teaches which actions exist, and the
      // agent learns from its own episodes which of them to choose.
      hurry: 0.5,
      reward: "success",
      numTraining: 4096,
      evaluation: [{ split: "validation", numTasks: 256 }],
    },
    episode: {
      maxTurns: 15,
      maxResponseTokens: 32,
      successReward: 10,
      invalidActionPenalty: 0.5,
    },
    model: { ...household.model, maxTokens: 2048 },
    warmStart: {
      numDemonstrations: 1000,
      slipShare: 0.1,
      renames: false,
      epochs: 6,
      minibatchSize: 8,
      learningRate: 5e-3,
      finalShare: 0.1,
      contextWeight: 0.02,
    },
    training: { ...household.training, iterations: 60 },
    evaluation: { every: 10, temperature: 1 },
  } satisfies InputOn<WebshopTasks>;
}

/**
 * {@link shopping} on released files: titles are longer and there are more words, so it needs more
 * demonstrations. Options give the paths of the files.
 */
export function releasedShopping(seed: number) {
  const small = shopping(seed);
  return {
    ...small,
    experiment: "webshop-released",
    warmStart: { ...small.warmStart, numDemonstrations: 3000 },
  } satisfies InputOn<WebshopTasks>;
}
