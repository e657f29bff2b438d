export {
  checkFinite,
  checkInteger,
  checkNonNegative,
  checkPositive,
  checkSameLength,
} from "./check.ts";
export { correlation } from "./correlation.ts";
export { boundState, maxStateBytes } from "./bound-state.ts";
export { createTextDecoder, decodeText, TextError, type TextStreamDecoder } from "./decode-text.ts";
export {
  NonFiniteError,
  SequenceLimitError,
  type AcceptedWeights,
  type Learner,
  type LearnerCapabilities,
  type OfferedWeights,
  type OnTokens,
  type PolicyWeights,
  type SampledResponse,
  type SampleRequest,
  type Sampler,
  type SamplerCapabilities,
  type SamplingOptions,
  type ScoredRow,
  type TokenCounts,
  type Tokenizer,
  type TrainingRow,
  type UpdateReport,
  type WeightTransport,
  type WeightVerification,
} from "./engine.ts";
export { listEndTokens } from "./end-tokens.ts";
export {
  stateKinds,
  stateVersion,
  type ChangedFile,
  type CountedItem,
  type CraftingRecipe,
  type CraftingState,
  type EnvironmentState,
  type GridState,
  type HouseholdObject,
  type HouseholdReceptacle,
  type HouseholdState,
  type ObjectMark,
  type RepositoryState,
  type ShopOption,
  type ShopProduct,
  type ShopResult,
  type ShopState,
  type TestResults,
  type TextState,
  type UnavailableState,
} from "./environment-state.ts";
export {
  FailureError,
  findFailureKind,
  failureKinds,
  isInfrastructure,
  type FailureKind,
} from "./failure.ts";
export { formatCount } from "./format-count.ts";
export {
  findNonFinite,
  findNonFiniteHalf,
  narrowToHalves,
  widenHalves,
  type HalfType,
} from "./half-floats.ts";
export { InputError, readInput } from "./input-error.ts";
export { kebabCase, toKebabKeys } from "./kebab-case.ts";
export { defineLaw, type Law } from "./law.ts";
export { entropyOfLogits, logSoftmax, logSumExp, mean, sum, variance } from "./numerics.ts";
export {
  crossEntropy,
  type Objective,
  type ObjectiveField,
  type ObjectiveInputs,
  type ObjectiveResult,
} from "./objective.ts";
export { describeIssue, type Mistake, type SchemaIssue } from "./describe-issue.ts";
export { expectAllNear, expectNear, expectThat } from "./expect-near.ts";
export { runOptions, type LawOptions } from "./law-options.ts";
export { parseRecord, type RecordSchema } from "./parse-record.ts";
export { pickOption } from "./schema-parts.ts";
export { plainOperations, type PlainTensor } from "./plain-operations.ts";
export { createRandom, type Random } from "./random.ts";
export {
  isGraded,
  isSuccess,
  recordVersion,
  trajectoryReturn,
  type Group,
  type Outcome,
  type Presentation,
  type ResponseStop,
  type TokenUsage,
  type Task,
  type Trajectory,
  type Turn,
} from "./records.ts";
export { requirePeer } from "./require-peer.ts";
export type { Resolved } from "./resolved.ts";
export type { Segments, TensorOperations } from "./tensor-operations.ts";
export { trajectoryRows, type ResponseSpan, type RoleSpan, type TokenRow } from "./token-row.ts";
