export type { LawOptions } from "@turnwise/core";
export {
  advantageLaws,
  type AdvantageClaim,
  type AdvantageEstimator,
} from "./laws/advantage-laws.ts";
export {
  groupsArbitrary,
  returnArbitrary,
  tokenBatchArbitrary,
  type TokenBatch,
  type TokenBatchOptions,
} from "./laws/arbitraries.ts";
export {
  objectiveLaws,
  type ObjectiveClaim,
  type ObjectiveLawOptions,
} from "./laws/objective-laws.ts";
