export {
  advantageLaws,
  type AdvantageClaim,
  type AdvantageEstimator,
} from "./laws/advantage-laws.ts";
export {
  groupsArbitrary,
  returnArbitrary,
  tokenBatchArbitrary,
  type LawOptions,
  type TokenBatch,
  type TokenBatchOptions,
} from "./laws/arbitraries.ts";
export {
  objectiveLaws,
  type ObjectiveClaim,
  type ObjectiveLawOptions,
} from "./laws/objective-laws.ts";
