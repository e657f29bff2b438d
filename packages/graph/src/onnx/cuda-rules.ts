import { cpuRules } from "./cpu-rules.ts";
import type { LoweringRules } from "./lowering.ts";
import { plainRmsNorm } from "./plain-rules.ts";

/**
 * Operators that ONNX Runtime's CUDA provider has, by its table of kernels. The norm is plain, for
 * nobody has yet checked the second output of the fused one there.
 */
export const cudaRules: LoweringRules = { ...cpuRules, rmsNorm: plainRmsNorm };
