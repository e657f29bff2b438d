export { aggregationWeights, type Aggregation, type AggregationOptions } from "./aggregation.ts";
export { bestOfGroupAdvantages, type BestOfGroupOptions } from "./best-of-group.ts";
export type { Ragged } from "./check-ragged.ts";
export { cispo, type CispoOptions } from "./cispo.ts";
export { clippedSurrogate, type ClippedSurrogateOptions } from "./clipped-surrogate.ts";
export { addObjectives, scaleObjective } from "./combine-objectives.ts";
export { discountedReturns, type DiscountedReturnOptions } from "./discounted-returns.ts";
export { emptyRefill, refill, type Refill, type RefillOptions } from "./dynamic-sampling.ts";
export { entropyBonus } from "./entropy-bonus.ts";
export { filteredAdvantages, isCutShort } from "./filtered-advantages.ts";
export {
  generalizedAdvantages,
  type GeneralizedAdvantageOptions,
  type GeneralizedAdvantages,
} from "./generalized-advantages.ts";
export {
  geometricMeanSurrogate,
  type GeometricMeanSurrogateOptions,
} from "./geometric-mean-surrogate.ts";
export { groupAdvantages, type GroupAdvantageOptions } from "./group-advantages.ts";
export { hasLearningSignal, type GroupFilterOptions } from "./group-filter.ts";
export { grpoPresets, type GrpoPreset } from "./grpo-presets.ts";
export {
  adaptedKlCoefficient,
  penalizedRewards,
  type AdaptiveKlOptions,
  type PenalizedTokens,
} from "./kl-in-reward.ts";
export { klPenalty, type KlEstimator, type KlPenaltyOptions } from "./kl-penalty.ts";
export { linearize, type Linearization } from "./linearize.ts";
export type { LogRatioLimits, RatioLevel } from "./log-ratio.ts";
export { metricMeans } from "./metric-means.ts";
export { overlongPenalty, type OverlongPenaltyOptions } from "./overlong-penalty.ts";
export { packedGroupAdvantages, spreadOverTokens } from "./packed.ts";
export {
  alfworldSetting,
  paperRuns,
  sweBenchSetting,
  webshopSetting,
  type Certainty,
  type PaperRun,
  type PaperSetting,
  type ReportedResult,
  type Stated,
} from "./paper-runs.ts";
export { importanceSampling, policyGradient } from "./policy-gradient.ts";
export { ratioStatistics, type RatioStatistics } from "./ratio-statistics.ts";
export {
  algorithmRecipes,
  dapo,
  deepSwe,
  grpo,
  gspo,
  ppo,
  recipeObjective,
  type AlgorithmRecipe,
} from "./recipes.ts";
export {
  reinforcePlusPlus,
  reinforcePlusPlusBaseline,
  type ReinforcePlusPlusOptions,
} from "./reinforce-plus-plus.ts";
export { rowAdvantages, rowScores } from "./row-advantages.ts";
export { responseAdvantages } from "./response-advantages.ts";
export {
  mismatchMetrics,
  offPolicyMask,
  rolloutCorrection,
  rolloutCorrections,
  type MismatchMetrics,
  type OffPolicyMaskOptions,
  type RolloutCorrection,
  type RolloutCorrectionRule,
  type RolloutTokens,
} from "./rollout-correction.ts";
export { sapo, type SapoOptions } from "./sapo.ts";
export {
  gigpoAdvantages,
  turnAdvantages,
  type GigpoOptions,
  type KeyedTrajectory,
  type TurnAdvantageOptions,
} from "./step-advantages.ts";
export { valueLoss, type ValueLossOptions } from "./value-loss.ts";
export { whiten, type WhitenOptions } from "./whiten.ts";
