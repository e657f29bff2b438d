import { cpuRules } from "./cpu-rules.ts";
import type { Operation } from "../operation.ts";
import type { LoweringRules } from "./lowering.ts";
import {
  gatheredAlong,
  gatheredSlice,
  movedAsIntegers,
  plainLogSoftmax,
  plainMatmul,
  plainRmsNorm,
} from "./plain-rules.ts";

function isNumber({ outputs }: Operation): boolean {
  return outputs[0]!.dtype === "float32";
}

/**
 * Operators of ONNX Runtime's WebGPU provider. `FusedMatMul`, `LogSoftmax`, and `Slice` and
 * `GatherElements` of types other than float32 are missing and would run on the CPU; the second
 * output of `SimplifiedLayerNormalization` is wrong.
 */
export const webgpuRules: LoweringRules = {
  ...cpuRules,
  matmul: plainMatmul,
  logSoftmax: plainLogSoftmax,
  rmsNorm: plainRmsNorm,
  slice: (lowering, operation, names) =>
    (isNumber(operation) ? cpuRules.slice : gatheredSlice)(lowering, operation, names),
  takeAlong: (lowering, operation, names) =>
    (isNumber(operation) ? cpuRules.takeAlong : gatheredAlong)(lowering, operation, names),
  transpose: movedAsIntegers(cpuRules.transpose),
  concat: movedAsIntegers(cpuRules.concat),
};
