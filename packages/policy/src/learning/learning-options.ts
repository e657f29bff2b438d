import type { OptimizerConfig } from "./optimizer-config.ts";

/** Learner options that a user sets. */
export interface LearningOptions {
  /** Optimizer. Default for a policy: AdamW with a constant learning rate of 1e-4. */
  readonly optimizer: OptimizerConfig;
  /**
   * Maximum number of tokens in a microbatch; a shared prefix counts once. On a CPU, larger
   * microbatches are slower because they overflow the caches; on a GPU, small microbatches leave it
   * partly idle. Default for a policy: 1024, or 8192 on a GPU.
   */
  readonly microbatchTokens: number;
  /**
   * Keeps a copy of the initial weights as the reference for `learner.reference`. With an adapter
   * no copy is needed, because the reference is the model without the adapter. Default false.
   */
  readonly keepReference?: boolean | undefined;
  /**
   * Recomputes each layer in the backward pass (activation checkpointing). Takes about a third more
   * time, but much less memory for long rows, because one vector per token and layer is kept
   * instead of about twenty. Default false.
   */
  readonly recomputeLayers?: boolean | undefined;
  /**
   * Keeps weights, gradient sums and optimizer moments (and a policy's key-value cache) as resident
   * tensors on the device; sampler and learner share weights without a copy. Otherwise they are
   * host arrays, which every step transfers. Default false; true for a policy on `webgpu` or
   * `cuda`.
   */
  readonly resident?: boolean | undefined;
}
