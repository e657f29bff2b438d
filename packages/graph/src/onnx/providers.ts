import type * as Ort from "onnxruntime-node";
import { cpuRules } from "./cpu-rules.ts";
import { cudaRules } from "./cuda-rules.ts";
import type { LoweringRules, SizeSource } from "./lowering.ts";
import { webgpuRules } from "./webgpu-rules.ts";

/** Execution provider of ONNX Runtime: the CPU, any GPU with a Vulkan driver, or an NVIDIA GPU. */
export type Provider = "cpu" | "webgpu" | "cuda";

/** Number type of matrix products. */
export type ProductType = "float32" | "float16";

/** Differences between providers. */
export interface ProviderTraits {
  readonly rules: LoweringRules;
  readonly sizes: SizeSource;
  /** Location of resident outputs. */
  readonly residence: Ort.Tensor.DataLocation;
  /** False if any empty tensor crashes it, true if only some computations on one do. */
  readonly takesEmpty: boolean;
  /** True if weights can be memory-mapped; otherwise they are read when a program is compiled. */
  readonly readsFiles: boolean;
  /** Supported number types of products. */
  readonly products: readonly ProductType[];
  /** Session options, in ONNX Runtime's terms. */
  readonly extra: {
    readonly session?: Readonly<Record<string, string>>;
    readonly optimization?: Readonly<Record<string, string>>;
  };
}

/** Traits of each provider. */
export const providers: Readonly<Record<Provider, ProviderTraits>> = {
  cpu: {
    rules: cpuRules,
    sizes: "computed",
    residence: "cpu",
    takesEmpty: true,
    readsFiles: true,
    // It has no float16 products: it would compute in float32, and cast.
    products: ["float32"],
    // Equal operations are intentional: recomputed values need not be kept.
    extra: { optimization: { disable_specified_optimizers: "CommonSubexpressionElimination" } },
  },
  webgpu: {
    rules: webgpuRules,
    // Arithmetic on sizes would be placed on the CPU.
    sizes: "fed",
    residence: "gpu-buffer",
    takesEmpty: false,
    readsFiles: false,
    products: ["float32", "float16"],
    // An operation that this provider lacks is an error, instead of a fallback to the CPU.
    extra: {
      session: { disable_cpu_ep_fallback: "1" },
      // It creates splits of integers, which this provider lacks.
      optimization: { disable_specified_optimizers: "GatherSliceToSplitFusion" },
    },
  },
  // The Node binding moves all inputs and outputs of CUDA through host memory.
  cuda: {
    rules: cudaRules,
    sizes: "computed",
    residence: "cpu",
    takesEmpty: false,
    readsFiles: false,
    products: ["float32", "float16"],
    extra: {},
  },
};
