export { bindFeeds, type Sizes } from "./bind-feeds.ts";
export {
  addDimensions,
  evaluateDimension,
  multiplyDimensions,
  type Dimension,
} from "./dimension.ts";
export {
  checkFrozen,
  checkOutputs,
  checkUpload,
  runConsuming,
  refuseFrozen,
  type CompileOptions,
  type Executable,
  type Executor,
  type Output,
  type Outputs,
} from "./executor.ts";
export { checkFiles, readFrozen } from "./file-feed.ts";
export { checkIds, idLimits, type IdLimit } from "./id-limits.ts";
export { loadKoffi, type Koffi } from "./load-koffi.ts";
export type { DifferentiationKind, None, Operation, OperationOf } from "./operation.ts";
export type { Feed, Program } from "./program.ts";
export {
  OwnedTensor,
  type StorageOwner,
  type ResidentTensor,
  type RunFeeds,
} from "./resident-tensor.ts";
export { equalShapes, shapeSize, type DataType, type Shape, type Tensor } from "./tensor.ts";
