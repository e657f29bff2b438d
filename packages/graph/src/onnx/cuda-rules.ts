import { cpuRules } from "./cpu-rules.ts";
import type { LoweringRules } from "./lowering.ts";
import { plainRmsNorm } from "./plain-rules.ts";

/**
 * Rules for ONNX Runtime's CUDA provider, according to its table of kernels. RMSNorm is not fused,
 * because the second output of the fused CUDA kernel has not been verified.
 */
export const cudaRules: LoweringRules = { ...cpuRules, rmsNorm: plainRmsNorm };
