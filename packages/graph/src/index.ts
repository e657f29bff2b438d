export { bindFeeds, evaluateShape, type Sizes } from "./bind-feeds.ts";
export {
  addDimensions,
  canonicalDimension,
  evaluateDimension,
  floorDivideDimension,
  multiplyDimensions,
  subtractDimensions,
  type Dimension,
} from "./dimension.ts";
export { interpret, type ReferenceValue } from "./interpret.ts";
export type { Operation, OperationKind, OperationOf, Operations } from "./operation.ts";
export type { Feed, Feeds, Program } from "./program.ts";
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
