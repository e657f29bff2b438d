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
  /** Config for randomly initialized weights, or a Hugging Face folder. */
  readonly model: ModelConfig | string;
  /**
   * Tokenizer. Default: the folder's. Only a tokenizer with `files` (see `createTokenizer`) is
   * saved.
   */
  readonly tokenizer?: T;
  /**
   * Low-rank adapter to train instead of the model: options of a new adapter, or a PEFT folder to
   * start from. Default: no adapter, all weights are trained.
   */
  readonly adapter?: AdapterOptions | string;
  /**
   * Storage of frozen weights from a folder: `"float32"` in memory, four bytes each; `"stored"`
   * memory-mapped, and upcast in parts during each step; `"auto"` memory-maps 16-bit folders whose
   * float32 weights would take more than half of the available memory. A policy holds float32
   * weights twice (sampler and learner), but memory-mapped weights only once. Without an adapter
   * all weights are trained and therefore float32. The files must not change. Default `"auto"`.
   */
  readonly weightStorage?: WeightStorage;
  /**
   * Adds a value head, a linear layer on the last hidden state, and trains it. Scores then include
   * values, and objectives may read them. The head is initialized to 0 and saved in
   * `value_head.safetensors` next to the model. Default false.
   */
  readonly valueHead?: boolean;
  /** Seed of random initial weights. Default 0. */
  readonly seed?: number | string;
  /** Maximum length of a sequence, at most the model's limit. Default: the model's limit. */
  readonly maxSequenceTokens?: number;
  /** Number of threads for tensor operations. Default: the number of cores. */
  readonly threads?: number;
  /**
   * Device for tensor operations. Default: the CPU. On `webgpu` and `cuda`, weights, optimizer
   * moments, keys and values stay on the device. Only on the CPU is a response bitwise independent
   * of the other sequences in the batch.
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
  /** Decodes tokens for stop strings; not needed otherwise. */
  readonly tokenizer?: Pick<Tokenizer, "decode">;
  /**
   * PEFT folder. The adapter is merged into the weights, or computed separately if the weights are
   * memory-mapped.
   */
  readonly adapter?: string;
}
