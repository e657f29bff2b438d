import type { LearningRateSchedule } from "../learning/learning-rate.ts";
import type { Linearizer } from "./linearizer.ts";
import type { TinkerClientOptions } from "./tinker-client.ts";

/** Optimizer on the server: Adam, with the options of the protocol. */
export interface TinkerOptimizer {
  readonly learningRate: LearningRateSchedule;
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.95, as in the protocol. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-12, as in the protocol. */
  readonly epsilon?: number;
  /**
   * Decoupled weight decay. Sent only if it is not 0, because older servers do not support it.
   * Default 0.
   */
  readonly weightDecay?: number;
  /** Maximum gradient norm. Sent only if given, because older servers do not support it. */
  readonly maxGradientNorm?: number;
}

/** Options of {@link createTinkerPolicy}. */
export interface TinkerPolicyOptions extends TinkerClientOptions {
  /** Name of the model on the server. */
  readonly baseModel: string;
  /**
   * Rank of the LoRA adapter, `>= 0`; 0 trains all weights, if the server supports it. Default 32.
   */
  readonly rank?: number;
  /** Seed of the adapter's initial weights, `>= 0`. Default 0. */
  readonly seed?: number;
  /** Maximum sequence length that the server accepts. */
  readonly maxSequenceTokens: number;
  readonly optimizer: TinkerOptimizer;
  /** `linearize` of `@turnwise/estimators`; it converts any objective to one weight per token. */
  readonly linearize: Linearizer;
  /**
   * Loss normalization of the server: `sum` over all tokens (the hosted service and most servers),
   * or the mean over sequences of their token means (SkyRL's JAX engine). Advantages are scaled so
   * that the gradient is the same in both cases. Default `sum`.
   */
  readonly lossScale?: "sum" | "sequence-mean";
  /** Number of sequences per request, `>= 1`; gradients add up over requests. Default 64. */
  readonly rowsPerRequest?: number;
}
