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
  /** A config for fresh weights, or a Hugging Face folder to start from. */
  readonly model: ModelConfig | string;
  /** Default: that of the folder. Only one with `files` (see `createTokenizer`) is saved. */
  readonly tokenizer?: T;
  /**
   * A low-rank adapter that is trained in place of the model: options of a fresh one, or a PEFT folder
   * to start from. Default none: all weights are trained.
   */
  readonly adapter?: AdapterOptions | string;
  /**
   * Where the weights of a folder are while they are not trained: `"float32"`, in memory, four bytes
   * each; `"stored"`, in their memory-mapped file, of which each step upcasts a part at a time; or
   * `"auto"`, which is `"stored"` if the folder has numbers of 16 bits, and float32 would take more than
   * half of the available memory. A policy has float32 weights twice, and shares stored ones between
   * sampler and learner; without an adapter it trains float32 weights, whatever the folder has. The
   * files must not change. Default `"auto"`.
   */
  readonly weightStorage?: WeightStorage;
  /**
   * Whether a value head is trained as well: a linear layer on the last hidden state. Scores then hold
   * values, and objectives may need them. It starts at 0 and is saved next to the model, in
   * `value_head.safetensors`. Default false.
   */
  readonly valueHead?: boolean;
  /** Fixes fresh weights. Default 0. */
  readonly seed?: number | string;
  /** Maximum length of a sequence, at most the model's own limit, which is the default. */
  readonly maxSequenceTokens?: number;
  /** Threads of the tensor operations. Default: as many as the machine offers. */
  readonly threads?: number;
  /**
   * Where tensors are computed. Default: this machine's CPU. On `webgpu` and `cuda` weights, the
   * optimizer's averages, keys and values stay there. Only the CPU promises that a response is equal to
   * the bit whatever is sampled with it.
   */
  readonly device?: DeviceOptions;
  /**
   * Where the engine runs: a worker thread leaves this thread's event loop free; in the same thread
   * every step blocks it, which is fine for tests and small scripts. Default `worker`.
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
  /** A PEFT folder. It is merged into the weights, or computed next to them where they stay stored. */
  readonly adapter?: string;
}
