import type { RopeScaling } from "./rope-scaling.ts";

/**
 * Shape of a decoder-only transformer with pre-RMSNorm, rotary positions, grouped-query attention
 * and a gated unit. Fields correspond to Hugging Face's `config.json`.
 */
export interface ModelShape {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /**
   * Number of key-value heads, a divisor of `numHeads`: each serves `numHeads / numKeyValueHeads`
   * query heads.
   */
  readonly numKeyValueHeads: number;
  /** Size of an attention head, even; `numHeads * headSize` may differ from `hiddenSize`. */
  readonly headSize: number;
  /** Attention projections that have a bias. */
  readonly attentionBiases: "none" | "query-key-value" | "all";
  /** True if the three projections of the gated unit have a bias. */
  readonly mlpBiases: boolean;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly normEpsilon: number;
  /** True if the output head is the embedding table. */
  readonly tiedEmbeddings: boolean;
  /** Maximum length of a sequence, in tokens. */
  readonly maxSequenceTokens: number;
  /** Standard deviation of randomly initialized weights. */
  readonly initializerRange: number;
}
