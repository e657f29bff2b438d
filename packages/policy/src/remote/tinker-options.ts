import type { LearningRateSchedule } from "../learning/learning-rate.ts";
import type { Linearizer } from "./linearizer.ts";
import type { TinkerClientOptions } from "./tinker-client.ts";

/** Optimizer of the server: Adam, with the protocol's options. */
export interface TinkerOptimizer {
  readonly learningRate: LearningRateSchedule;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.95, as in the protocol. */
  readonly beta2?: number;
  /** Default 1e-12, as in the protocol. */
  readonly epsilon?: number;
  /** Sent only if it is not 0: older servers do not support it. Default 0. */
  readonly weightDecay?: number;
  /** Norm that gradients are clipped to. Sent only if given: older servers do not support it. */
  readonly maxGradientNorm?: number;
}

/** Options of {@link createTinkerPolicy}. */
export interface TinkerPolicyOptions extends TinkerClientOptions {
  /** Name of the model on the server. */
  readonly baseModel: string;
  /** Rank of the LoRA adapter, `>= 0`; 0 trains all weights, if the server can. Default 32. */
  readonly rank?: number;
  /** Seed of the adapter's initial weights, `>= 0`. Default 0. */
  readonly seed?: number;
  /** Maximum sequence length of the server. */
  readonly maxSequenceTokens: number;
  readonly optimizer: TinkerOptimizer;
  /** `linearize` of `@turnwise/estimators`: turns any objective into one weight per token. */
  readonly linearize: Linearizer;
  /**
   * Loss normalization of the server: `sum` over all tokens (the hosted service, most servers), or
   * the mean over sequences of each one's token mean (SkyRL's JAX engine). Advantages are scaled so
   * that the gradient is the same. Default `sum`.
   */
  readonly lossScale?: "sum" | "sequence-mean";
  /** Sequences per request, `>= 1`; gradients add up over requests. Default 64. */
  readonly rowsPerRequest?: number;
}
