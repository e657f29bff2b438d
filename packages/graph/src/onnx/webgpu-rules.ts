import { cpuRules } from "./cpu-rules.ts";
import type { Operation } from "../operation.ts";
import type { LoweringRules } from "./lowering.ts";
import {
  takeAlongByGather,
  sliceByGather,
  moveAsIntegers,
  plainLogSoftmax,
  plainMatmul,
  plainRmsNorm,
} from "./plain-rules.ts";

function isNumber({ outputs }: Operation): boolean {
  return outputs[0]!.dtype === "float32";
}

/**
 * Rules for ONNX Runtime's WebGPU provider. `FusedMatMul`, `LogSoftmax`, and `Slice` and
 * `GatherElements` of types other than float32 are missing and would run on the CPU; the second
 * output of `SimplifiedLayerNormalization` is wrong.
 */
export const webgpuRules: LoweringRules = {
  ...cpuRules,
  matmul: plainMatmul,
  logSoftmax: plainLogSoftmax,
  rmsNorm: plainRmsNorm,
  slice: (lowering, operation, names) =>
    (isNumber(operation) ? cpuRules.slice : sliceByGather)(lowering, operation, names),
  takeAlong: (lowering, operation, names) =>
    (isNumber(operation) ? cpuRules.takeAlong : takeAlongByGather)(lowering, operation, names),
  transpose: moveAsIntegers(cpuRules.transpose),
  concat: moveAsIntegers(cpuRules.concat),
};
