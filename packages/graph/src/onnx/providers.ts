import type * as Ort from "onnxruntime-node";
import { cpuRules } from "./cpu-rules.ts";
import { cudaRules } from "./cuda-rules.ts";
import type { LoweringRules, SizeSource } from "./lowering.ts";
import { webgpuRules } from "./webgpu-rules.ts";

/** Execution provider of ONNX Runtime: the CPU, any GPU with a Vulkan driver, or an NVIDIA GPU. */
export type Provider = "cpu" | "webgpu" | "cuda";

/** Number type of matrix products. */
export type ProductType = "float32" | "float16";

/** Properties in which providers differ. */
export interface ProviderTraits {
  readonly rules: LoweringRules;
  readonly sizes: SizeSource;
  /** Memory in which resident outputs are kept. */
  readonly residence: Ort.Tensor.DataLocation;
  /**
   * False if any empty tensor crashes the provider; true if only some computations on empty tensors
   * do.
   */
  readonly takesEmpty: boolean;
  /**
   * True if weights can be memory-mapped; otherwise weights are read when a program is compiled.
   */
  readonly readsFiles: boolean;
  /** Supported number types of products. */
  readonly products: readonly ProductType[];
  /** Session options of ONNX Runtime. */
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
    // The CPU provider has no float16 products; it would cast and compute in float32.
    products: ["float32"],
    // Do not merge equal operations: they recompute values that need not be kept.
    extra: { optimization: { disable_specified_optimizers: "CommonSubexpressionElimination" } },
  },
  webgpu: {
    rules: webgpuRules,
    // Sizes are fed, because arithmetic on sizes would run on the CPU.
    sizes: "fed",
    residence: "gpu-buffer",
    takesEmpty: false,
    readsFiles: false,
    products: ["float32", "float16"],
    // Throw for operations that this provider lacks, instead of falling back to the CPU.
    extra: {
      session: { disable_cpu_ep_fallback: "1" },
      // This optimizer creates splits of integers, which the provider lacks.
      optimization: { disable_specified_optimizers: "GatherSliceToSplitFusion" },
    },
  },
  // On CUDA the Node.js binding copies all inputs and outputs through host memory.
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
