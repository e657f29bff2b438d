import { modulationCoefficients } from "@turnwise/aem";
import {
  addObjectives,
  clippedSurrogate,
  grpoPresets,
  hasLearningSignal,
  rowAdvantages,
  rowScores,
  klPenalty,
  scaleObjective,
} from "@turnwise/estimators";
import type { TrainConfig } from "./config.ts";
import type { Recipe } from "./iteration.ts";

/** Puts the parts of an algorithm together as a configuration names them. */
export function composeRecipe({ training, modulation }: TrainConfig): Recipe {
  const { groupsPerIteration, groupSize, minibatches, epochs } = training;
  const { clipLow, clipHigh, klCoefficient } = training;
  const surrogate = clippedSurrogate({ clipLow, clipHigh });
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
    objective:
      klCoefficient > 0
        ? addObjectives(surrogate, scaleObjective(klCoefficient, klPenalty()))
        : surrogate,
    aggregation: training.aggregation,
  };
}
