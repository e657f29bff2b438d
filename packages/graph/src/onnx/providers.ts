import type * as Ort from "onnxruntime-node";
import { cpuRules } from "./cpu-rules.ts";
import { cudaRules } from "./cuda-rules.ts";
import type { LoweringRules, SizeSource } from "./lowering.ts";
import { webgpuRules } from "./webgpu-rules.ts";

/** Where ONNX Runtime computes: the CPU, any GPU with a Vulkan driver, or one of NVIDIA. */
export type Provider = "cpu" | "webgpu" | "cuda";

/** What matrix products are computed in. */
export type ProductType = "float32" | "float16";

/** What differs between providers. */
export interface ProviderTraits {
  readonly rules: LoweringRules;
  readonly sizes: SizeSource;
  /** Where outputs stay that are resident. */
  readonly residence: Ort.Tensor.DataLocation;
  /** Whether any tensor without entries brings it down, or only some computations with one. */
  readonly takesEmpty: boolean;
  /** Whether weights can stay in their file; else they are read when a program is compiled. */
  readonly readsFiles: boolean;
  /** What products can be computed in. */
  readonly products: readonly ProductType[];
  /** Options of a session, in ONNX Runtime's words. */
  readonly extra: {
    readonly session?: Readonly<Record<string, string>>;
    readonly optimization?: Readonly<Record<string, string>>;
  };
}

/** The traits of each provider. */
export const providers: Readonly<Record<Provider, ProviderTraits>> = {
  cpu: {
    rules: cpuRules,
    sizes: "computed",
    residence: "cpu",
    takesEmpty: true,
    readsFiles: true,
    // It has no products in float16: it would compute in float32, and cast.
    products: ["float32"],
    // Equal steps are equal on purpose: what is computed once more need not be kept until then.
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
    // A step that this provider does not have is an error, instead of a detour by way of the CPU.
    extra: {
      session: { disable_cpu_ep_fallback: "1" },
      // It makes splits of integers, which this provider does not have.
      optimization: { disable_specified_optimizers: "GatherSliceToSplitFusion" },
    },
  },
  // The binding for Node moves all inputs and outputs of CUDA through the computer's memory.
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
