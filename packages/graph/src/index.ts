export { attention, type AttentionInputs, type AttentionOptions } from "./attention.ts";
export { bindFeeds, evaluateShape, type BoundFeeds, type Sizes } from "./bind-feeds.ts";
export { causalBias, type CausalBiasOptions } from "./causal-bias.ts";
export {
  addDimensions,
  canonicalDimension,
  evaluateDimension,
  floorDivideDimension,
  multiplyDimensions,
  subtractDimensions,
  type Dimension,
} from "./dimension.ts";
export {
  createReferenceExecutor,
  type CompileOptions,
  type Executable,
  type Executor,
  type Output,
  type Outputs,
  type SpareArrays,
} from "./executor.ts";
export { readFrozen, type FileFeed, type FrozenFeeds } from "./file-feed.ts";
export { finiteDifferences } from "./finite-differences.ts";
export {
  forestAttention,
  forestDepths,
  forestTokens,
  type ForestInputs,
  type ForestOptions,
} from "./forest-attention.ts";
export { layoutForest, type ForestLayout } from "./forest-layout.ts";
export { gradients } from "./gradients.ts";
export { graphOperations, type GraphSegments } from "./graph-operations.ts";
export { interpret, type ReferenceValue } from "./interpret.ts";
export {
  logProbAndEntropy,
  type HeadInputs,
  type HeadOptions,
  type HeadOutputs,
} from "./log-prob-and-entropy.ts";
export type {
  ConstantValues,
  Operation,
  OperationKind,
  OperationOf,
  Operations,
} from "./operation.ts";
export {
  adamW,
  computeAdamWCoefficients,
  type AdamWCoefficients,
  type AdamWOptions,
  type AdamWState,
} from "./optimizer/adam-w.ts";
export { adamWFeed, clipScale, traceAdamW, type AdamWTensors } from "./optimizer/trace-adam-w.ts";
export {
  createTrainer,
  type Trainer,
  type TrainerOptions,
  type TrainerReport,
} from "./optimizer/trainer.ts";
export { accumulate, globalNorm, scaleInPlace } from "./optimizer/vectors.ts";
export type { Feed, Feeds, Program } from "./program.ts";
export { recompute } from "./recompute.ts";
export { rematerialize } from "./rematerialize.ts";
export type { ResidentTensor, RunFeeds } from "./resident-tensor.ts";
export { swiglu } from "./swiglu.ts";
export type { DataType, Shape, Tensor } from "./tensor.ts";
export {
  trace,
  Tracer,
  type Backward,
  type GatherOptions,
  type MatmulOptions,
  type Operand,
  type ReduceOptions,
} from "./tracer.ts";
