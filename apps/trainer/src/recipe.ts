import { modulationCoefficients } from "@turnwise/aem";
import {
  clippedSurrogate,
  grpoPresets,
  hasLearningSignal,
  rowAdvantages,
  rowScores,
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
    keep: (group) => hasLearningSignal(rowScores(group).flat()),
    advantages: (groups) => rowAdvantages(groups, grpoPresets[training.advantages]),
    coefficients: (entropies) =>
      modulation.kind === "aem"
        ? modulationCoefficients(entropies, modulation)
        : entropies.map(() => 1),
    objective: clippedSurrogate({ clipLow, clipHigh }),
    aggregation: training.aggregation,
  };
}
