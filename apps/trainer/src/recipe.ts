import { modulationCoefficients } from "@turnwise/aem";
import { trajectoryReturn } from "@turnwise/core";
import {
  clippedSurrogate,
  grpoPresets,
  hasLearningSignal,
  responseAdvantages,
} from "@turnwise/estimators";
import type { TrainConfig } from "./config.ts";
import type { Recipe } from "./iteration.ts";

/** Puts the parts of an algorithm together as a configuration names them. */
export function composeRecipe({ training, modulation }: TrainConfig): Recipe {
  const { groupsPerIteration, groupSize, minibatches, epochs, clipLow, clipHigh } = training;
  return {
    groupsPerIteration,
    groupSize,
    minibatches,
    epochs,
    keep: ({ trajectories }) => hasLearningSignal(trajectories.map(trajectoryReturn)),
    advantages: (groups) => responseAdvantages(groups, grpoPresets[training.advantages]),
    coefficients: (entropies) =>
      modulation.kind === "aem"
        ? modulationCoefficients(entropies, modulation)
        : entropies.map(() => 1),
    objective: clippedSurrogate({ clipLow, clipHigh }),
    aggregation: training.aggregation,
  };
}
