export { areaUnderCurve } from "./area-under-curve.ts";
export { bcaCoverage } from "./bca-coverage.ts";
export { bcaInterval, type BcaOptions } from "./bca-interval.ts";
export { clusteredRateInterval, type TaskOutcomes } from "./clustered-rate-interval.ts";
export { correlationInterval } from "./correlation-interval.ts";
export { holmAdjust } from "./holm-adjust.ts";
export { improvementProbability } from "./improvement-probability.ts";
export type { IntervalEstimate, IntervalOptions } from "./interval-estimate.ts";
export { meanCurve } from "./mean-curve.ts";
export { pairBySeed, type SeedPairs } from "./pair-by-seed.ts";
export {
  detectableEffect,
  pairedPower,
  countSeedsNeeded,
  type PlanningOptions,
  type PowerOptions,
} from "./paired-power.ts";
export { rankCorrelation } from "./rank-correlation.ts";
export { signFlipTest, type SignFlipOptions, type SignFlipTest } from "./sign-flip-test.ts";
export type { SimulatedCoverage } from "./simulated-coverage.ts";
export { summarizeSeeds, type SeedSummary } from "./summarize-seeds.ts";
export { tInterval } from "./t-interval.ts";
export {
  toleranceFactor,
  toleranceInterval,
  type ToleranceInterval,
  type ToleranceOptions,
} from "./tolerance-interval.ts";
export {
  pairedRateVariance,
  rateVariance,
  varianceComponents,
  type PairedOutcomes,
  type VarianceComponents,
} from "./variance-components.ts";
export { welchInterval, type WelchInterval } from "./welch-interval.ts";
export { wilsonInterval } from "./wilson-interval.ts";
