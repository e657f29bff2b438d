import type { AlfworldTasks } from "@turnwise/envs/alfworld";
import type { WebshopTasks } from "@turnwise/envs/webshop";
import { grpo } from "@turnwise/estimators";
import type { InputOn } from "../experiment/run-schema.ts";
import { householdGames } from "./household-games.ts";
import { shopping } from "./shopping.ts";

/**
 * Settings that the studies' experiments share. Success pays 1, which a critic can learn within a
 * short run, and there are no penalties: if all siblings fail, algorithms that divide by the
 * group's standard deviation would make a small penalty count as much as success.
 */
function createStudySettings(seed: number) {
  const { training, engine } = householdGames(seed);
  return {
    training: {
      ...training,
      iterations: 28,
      groupsPerIteration: 32,
      groupSize: 8,
      learningRate: 1e-3,
    },
    algorithm: grpo,
    modulation: { kind: "none" },
    // Use many tasks per evaluation, so that evaluation noise is small compared to the variation
    // between seeds.
    evaluation: { every: 0, temperature: 1, modes: ["sampled"] },
    engine: { ...engine, threads: 1 },
    checkpoints: { every: 7, keep: 1 },
  } satisfies Partial<InputOn<unknown>>;
}

/**
 * Household games sized for studies with many seeds: a run takes about a minute on one core. The
 * houses are tiny, and demonstrators often act without looking. The warm-started policy therefore
 * knows the actions but mostly fails, and learns from its own episodes which actions to choose.
 */
export function householdStudy(seed: number) {
  const household = householdGames(seed);
  return {
    ...household,
    ...createStudySettings(seed),
    experiment: "alfworld-study",
    tasks: {
      ...household.tasks,
      size: "tiny",
      // Exclude the kind with two objects, which needs more turns.
      kinds: [
        "pick_and_place_simple",
        "look_at_obj_in_light",
        "pick_clean_then_place_in_recep",
        "pick_heat_then_place_in_recep",
        "pick_cool_then_place_in_recep",
      ],
      hurry: 0.3,
      evaluation: [{ split: "held_out", numTasks: 1024 }],
    },
    episode: { maxTurns: 12, maxResponseTokens: 8, successReward: 1, invalidActionPenalty: 0 },
    model: { ...household.model, maxTokens: 512 },
    warmStart: {
      ...household.warmStart,
      numDemonstrations: 2000,
      slipShare: 0.1,
      renames: false,
      epochs: 6,
      contextWeight: 0.1,
    },
  } satisfies InputOn<AlfworldTasks>;
}

/**
 * {@link householdStudy} with turn-wise prompts, each of which contains the last two turns, as in
 * AEM's paper. With these prompts, a demonstration gives several rows.
 */
export function turnWiseHouseholdStudy(seed: number) {
  const study = householdStudy(seed);
  return {
    ...study,
    experiment: "alfworld-study-turns",
    tasks: { ...study.tasks, format: "compact-turns" },
    warmStart: { ...study.warmStart, minibatchSize: 64 },
  } satisfies InputOn<AlfworldTasks>;
}

/** A generated shop sized for studies, like {@link householdStudy}. */
export function shoppingStudy(seed: number) {
  const shop = shopping(seed);
  return {
    ...shop,
    ...createStudySettings(seed),
    experiment: "webshop-study",
    tasks: {
      ...shop.tasks,
      // Enough products for more than 1,024 goals on held-out products.
      numProducts: 1600,
      shownProducts: 4,
      hurry: 0.6,
      evaluation: [{ split: "validation", numTasks: 1024 }],
    },
    episode: { maxTurns: 8, maxResponseTokens: 24, successReward: 1, invalidActionPenalty: 0 },
    model: { ...shop.model, numLayers: 2, maxTokens: 1024 },
    warmStart: { ...shop.warmStart, numDemonstrations: 2000, slipShare: 0.05, epochs: 4 },
  } satisfies InputOn<WebshopTasks>;
}

/** {@link shoppingStudy} with turn-wise prompts, each of which contains the last two turns. */
export function turnWiseShoppingStudy(seed: number) {
  const study = shoppingStudy(seed);
  return {
    ...study,
    experiment: "webshop-study-turns",
    tasks: { ...study.tasks, format: "compact-turns" },
    warmStart: { ...study.warmStart, minibatchSize: 32 },
  } satisfies InputOn<WebshopTasks>;
}
