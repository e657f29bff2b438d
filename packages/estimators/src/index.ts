export { aggregationWeights, type Aggregation, type AggregationOptions } from "./aggregation.ts";
export type { Advantages, WhiteningChoice } from "./algorithm/advantages.ts";
export { algorithmPresets } from "./algorithm/algorithm-presets.ts";
export { algorithmSchema, type Algorithm, type ResolvedAlgorithm } from "./algorithm/algorithm.ts";
export { batchRows, type BatchRow } from "./algorithm/batch-rows.ts";
export type {
  AggregationRule,
  GroupFilter,
  OverlongRule,
  RolloutCorrectionChoice,
  TruncationRule,
  UnfinishedRule,
} from "./algorithm/batch-rules.ts";
export {
  compileAlgorithm,
  type AlgorithmNeeds,
  type AlgorithmState,
  type CompiledAlgorithm,
  type Credit,
  type CreditInput,
  type WeighedRow,
} from "./algorithm/compile-algorithm.ts";
export type { CorrectedRows, CorrectionRow } from "./algorithm/correct-rows.ts";
export type {
  AdvantageEstimator,
  AlgorithmParts,
  EstimatorInput,
  RolloutCorrector,
} from "./algorithm/algorithm-parts.ts";
export type { CustomChoice } from "./algorithm/custom-choice.ts";
export { observationKeys, shareCredit, type StateKeys } from "./algorithm/estimate-credit.ts";
export type { TokenCredit } from "./algorithm/token-credit.ts";
export type { EntropyBonus, Kl, KlAdaptation, ValueLoss } from "./algorithm/loss-terms.ts";
export {
  cispo,
  dapo,
  deepSwe,
  drGrpo,
  gigpo,
  gmpo,
  grpo,
  gspo,
  opo,
  passAtKGrpo,
  ppo,
  reinforce,
  reinforcePlusPlus,
  reinforcePlusPlusBaseline,
  rloo,
  rlooVectorized,
  sapo,
  turnGrpo,
} from "./algorithm/presets.ts";
export type { Surrogate } from "./algorithm/surrogate.ts";
export { bestOfGroupAdvantages, type BestOfGroupOptions } from "./best-of-group.ts";
export type { Ragged } from "./check-ragged.ts";
export { cispoSurrogate, type CispoSurrogateOptions } from "./cispo-surrogate.ts";
export { clippedSurrogate, type ClippedSurrogateOptions } from "./clipped-surrogate.ts";
export { addObjectives, scaleObjective } from "./combine-objectives.ts";
export { discountedReturns, type DiscountedReturnOptions } from "./discounted-returns.ts";
export { emptyRefill, refill, type Refill, type RefillOptions } from "./dynamic-sampling.ts";
export { entropyBonus } from "./entropy-bonus.ts";
export {
  generalizedAdvantages,
  type GeneralizedAdvantageOptions,
  type GeneralizedAdvantages,
} from "./generalized-advantages.ts";
export {
  geometricMeanSurrogate,
  type GeometricMeanSurrogateOptions,
} from "./geometric-mean-surrogate.ts";
export {
  groupAdvantages,
  type GroupAdvantageChoices,
  type GroupAdvantageOptions,
} from "./group-advantages.ts";
export { hasLearningSignal, type GroupFilterOptions } from "./group-filter.ts";
export { grpoPresets, type GrpoPreset } from "./grpo-presets.ts";
export {
  adaptKlCoefficient,
  penalizeRewards,
  type AdaptiveKlOptions,
  type KlInRewardOptions,
  type PenalizedTokens,
} from "./kl-in-reward.ts";
export { klPenalty, type KlEstimator, type KlPenaltyOptions } from "./kl-penalty.ts";
export { linearize, type Linearization } from "./linearize.ts";
export type { LogRatioLimits, RatioLevel } from "./log-ratio.ts";
export { metricMeans } from "./metric-means.ts";
export { clamp, maskInputs, type MaskedInputs } from "./objective-inputs.ts";
export { overlongPenalty, type OverlongPenaltyOptions } from "./overlong-penalty.ts";
export {
  alfworldSetting,
  paperRuns,
  sweBenchSetting,
  webshopSetting,
  type Certainty,
  type PaperAlgorithm,
  type PaperRun,
  type PaperSetting,
  type ReportedResult,
  type Stated,
} from "./paper-runs.ts";
export {
  importanceSampling,
  policyGradient,
  type ImportanceSamplingOptions,
} from "./policy-gradient.ts";
export { ratioStatistics, type RatioStatistics } from "./ratio-statistics.ts";
export {
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
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
export { sapoSurrogate, type SapoSurrogateOptions } from "./sapo-surrogate.ts";
export {
  gigpoAdvantages,
  turnAdvantages,
  type GigpoOptions,
  type KeyedTrajectory,
  type TurnAdvantageOptions,
} from "./turn-advantages.ts";
export { valueLoss, type ValueLossOptions } from "./value-loss.ts";
export { whiten, type WhitenOptions } from "./whiten.ts";
