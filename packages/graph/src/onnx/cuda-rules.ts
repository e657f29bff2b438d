import { cpuRules } from "./cpu-rules.ts";
import type { LoweringRules } from "./lowering.ts";
import { plainRmsNorm } from "./plain-rules.ts";

/**
 * Operators of ONNX Runtime's CUDA provider, by its table of kernels. RMSNorm is not fused, since
 * the second output of the fused kernel has not been verified there.
 */
export const cudaRules: LoweringRules = { ...cpuRules, rmsNorm: plainRmsNorm };
