import type { OptimizerConfig } from "./optimizer-config.ts";

/** Learner options that a user sets. */
export interface LearningOptions {
  /** Default of a policy: AdamW with a constant learning rate of 1e-4. */
  readonly optimizer: OptimizerConfig;
  /**
   * Maximum number of tokens in a microbatch; a shared prefix counts once. On a CPU larger
   * microbatches are slower, since they overflow the caches; on a GPU small ones leave it idle.
   * Default of a policy: 1024, or 8192 on a GPU.
   */
  readonly microbatchTokens: number;
  /**
   * Keeps a copy of the initial weights as the reference for `learner.reference`. With an adapter
   * the reference is always available without a copy: it is the model without the adapter. Default
   * false.
   */
  readonly keepReference?: boolean | undefined;
  /**
   * Recomputes each layer in the backward pass (activation checkpointing): about a third more time,
   * and far less memory for long rows, since one vector per token and layer is kept instead of
   * about twenty. Default false.
   */
  readonly recomputeLayers?: boolean | undefined;
  /**
   * Keeps weights, gradient sums and optimizer averages (and in a policy the sampler's keys and
   * values) with the executor, which shares weights without a copy; otherwise they are arrays of
   * this process, transferred in each step. Default false; for a policy on `webgpu` and `cuda`,
   * true.
   */
  readonly resident?: boolean | undefined;
}
