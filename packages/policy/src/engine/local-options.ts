import type { Tokenizer } from "@turnwise/core";
import type { LearningOptions } from "../learning/learning-options.ts";
import type { AdapterOptions } from "../model/lora.ts";
import type { ModelConfig } from "../model/model-config.ts";
import type { RunnerOptions } from "../sampling/runner/runner.ts";
import type { LoadedTokenizer } from "../text/tokenizer.ts";
import type { DeviceOptions } from "./device.ts";
import type { WeightStorage } from "./weight-storage.ts";

/** Options of `createLocalPolicy`. */
export interface LocalPolicyOptions<T extends Tokenizer = LoadedTokenizer>
  extends Partial<LearningOptions>, Partial<Pick<RunnerOptions, "stepTokens" | "cacheBytes">> {
  /** Config for fresh weights, or a Hugging Face folder to start from. */
  readonly model: ModelConfig | string;
  /** Default: the folder's tokenizer. Only one with `files` (see `createTokenizer`) is saved. */
  readonly tokenizer?: T;
  /**
   * Low-rank adapter to train instead of the model: options of a fresh one, or a PEFT folder to
   * start from. Default none: all weights are trained.
   */
  readonly adapter?: AdapterOptions | string;
  /**
   * Storage of frozen weights from a folder: `"float32"` in memory, four bytes each; `"stored"`
   * memory-mapped, with a part upcast at a time in each step; `"auto"` memory-maps 16-bit folders
   * whose float32 weights would take more than half of the available memory. A policy holds float32
   * weights twice, and shares memory-mapped ones between sampler and learner. Without an adapter,
   * trained weights are float32 in any case. The files must not change. Default `"auto"`.
   */
  readonly weightStorage?: WeightStorage;
  /**
   * Also trains a value head, a linear layer on the last hidden state. Scores then include values,
   * and objectives may need them. It starts at 0 and is saved next to the model in
   * `value_head.safetensors`. Default false.
   */
  readonly valueHead?: boolean;
  /** Seed of fresh weights. Default 0. */
  readonly seed?: number | string;
  /** Maximum length of a sequence, at most the model's limit, which is the default. */
  readonly maxSequenceTokens?: number;
  /** Threads of tensor operations. Default: as many as the machine has. */
  readonly threads?: number;
  /**
   * Device that computes tensors. Default: this machine's CPU. On `webgpu` and `cuda`, weights,
   * optimizer averages, keys and values stay on the device. Only the CPU guarantees that a response
   * is bit-identical whatever else is in the batch.
   */
  readonly device?: DeviceOptions;
  /**
   * Thread of the engine: `worker` keeps this thread's event loop free; `same` blocks it during
   * every step, which is fine for tests and small scripts. Default `worker`.
   */
  readonly thread?: "worker" | "same";
}

/** Options of `createLocalSampler`. */
export interface LocalSamplerOptions extends Pick<
  LocalPolicyOptions,
  | "model"
  | "weightStorage"
  | "seed"
  | "maxSequenceTokens"
  | "threads"
  | "device"
  | "stepTokens"
  | "cacheBytes"
  | "thread"
> {
  /** For stop strings; token ids need none. */
  readonly tokenizer?: Pick<Tokenizer, "decode">;
  /** A PEFT folder. Merged into the weights, or computed separately if they are memory-mapped. */
  readonly adapter?: string;
}
