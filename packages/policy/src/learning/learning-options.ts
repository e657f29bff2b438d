import type { OptimizerConfig } from "./optimizer-config.ts";

/** Options of a learner that its user chooses. */
export interface LearningOptions {
  /** A policy's default is AdamW with a constant learning rate of 1e-4. */
  readonly optimizer: OptimizerConfig;
  /**
   * Maximum number of tokens of one microbatch; a prefix that rows share counts once. On a CPU many more
   * are slower, since their values do not fit into its caches; on a GPU many fewer do not keep it busy.
   * A policy's default is 1024, and 8192 on a GPU.
   */
  readonly microbatchTokens: number;
  /**
   * Whether to keep a copy of the first weights as the reference that `learner.reference` scores under.
   * With an adapter the reference is always there and takes no copy: it is the model without the
   * adapter. Default false.
   */
  readonly keepReference?: boolean | undefined;
  /**
   * Whether each layer is computed once more for its gradient: about a third more time, and far less
   * memory for long rows, since one vector per token and layer is kept instead of some twenty. Default
   * false.
   */
  readonly recomputeLayers?: boolean | undefined;
  /**
   * Whether weights, sums of gradients and the optimizer's averages (and in a policy the sampler's keys
   * and values) stay with the executor, which passes weights on without a copy; otherwise they are
   * arrays of this process, transferred in each step. Default false; a policy's is true on `webgpu` and
   * `cuda`.
   */
  readonly resident?: boolean | undefined;
}
