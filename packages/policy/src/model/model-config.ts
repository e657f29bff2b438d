import { families, isModelType, modelTypeNames, type ModelType } from "./families/families.ts";
import type { ModelShape } from "./shape/model-shape.ts";

/** Config of a model: its family and its shape. */
export interface ModelConfig extends ModelShape {
  readonly modelType: ModelType;
}

/**
 * Checks the fields of a config for their range and their consistency with each other and with the
 * family.
 * @returns The same config.
 * @throws `RangeError` naming source and field.
 */
export function checkModelConfig(config: ModelConfig, source = "modelConfig"): ModelConfig {
  const { modelType, attentionBiases, mlpBiases } = config;
  if (!isModelType(modelType)) {
    throw new RangeError(
      `${source}: modelType must be ${modelTypeNames}, got ${JSON.stringify(modelType)}`,
    );
  }
  const family = families[modelType];
  if (!family.attentionBiases.includes(attentionBiases)) {
    const allowed = family.attentionBiases.map((each) => JSON.stringify(each)).join(" or ");
    throw new RangeError(
      `${source}: attentionBiases must be ${allowed} in ${modelType}, got ${JSON.stringify(attentionBiases)}`,
    );
  }
  if (!family.mlpBiases.includes(mlpBiases)) {
    throw new RangeError(
      `${source}: mlpBiases must be ${family.mlpBiases.join(" or ")} in ${modelType}, got ${mlpBiases}`,
    );
  }
  const counts = {
    vocabularySize: config.vocabularySize,
    hiddenSize: config.hiddenSize,
    intermediateSize: config.intermediateSize,
    numLayers: config.numLayers,
    numHeads: config.numHeads,
    numKeyValueHeads: config.numKeyValueHeads,
    headSize: config.headSize,
    maxSequenceTokens: config.maxSequenceTokens,
  };
  for (const [field, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${source}: ${field} must be a whole number >= 1, got ${value}`);
    }
  }
  for (const field of ["ropeTheta", "normEpsilon", "initializerRange"] as const) {
    if (!(config[field] > 0) || !Number.isFinite(config[field])) {
      throw new RangeError(`${source}: ${field} must be finite and > 0, got ${config[field]}`);
    }
  }
  if (config.numHeads % config.numKeyValueHeads !== 0) {
    throw new RangeError(
      `${source}: numHeads must be a multiple of numKeyValueHeads ${config.numKeyValueHeads}, got ${config.numHeads}`,
    );
  }
  if (config.headSize % 2 !== 0) {
    throw new RangeError(`${source}: headSize must be even, got ${config.headSize}`);
  }
  return config;
}

/** Options of {@link smallModelConfig}. */
export interface SmallModelOptions {
  readonly vocabularySize: number;
  /** Size of the hidden state. Default 128. */
  readonly hiddenSize?: number;
  /** Number of layers. Default 4. */
  readonly numLayers?: number;
  /** Number of attention heads. Default `hiddenSize / 32`. */
  readonly numHeads?: number;
  /** Number of key-value heads. Default half of `numHeads`, at least 1. */
  readonly numKeyValueHeads?: number;
  /** Size of the gated unit. Default `3 * hiddenSize`. */
  readonly intermediateSize?: number;
  /** Maximum sequence length. Default 2048. */
  readonly maxSequenceTokens?: number;
}

/** Creates the config of a small Qwen3 with tied embeddings, for policies trained from scratch. */
export function smallModelConfig({
  vocabularySize,
  hiddenSize = 128,
  numLayers = 4,
  numHeads = Math.max(1, Math.floor(hiddenSize / 32)),
  numKeyValueHeads = numHeads % 2 === 0 ? numHeads / 2 : numHeads,
  intermediateSize = 3 * hiddenSize,
  maxSequenceTokens = 2048,
}: SmallModelOptions): ModelConfig {
  return checkModelConfig(
    {
      modelType: "qwen3",
      vocabularySize,
      hiddenSize,
      intermediateSize,
      numLayers,
      numHeads,
      numKeyValueHeads,
      headSize: 2 * Math.ceil(hiddenSize / numHeads / 2),
      attentionBiases: "none",
      mlpBiases: false,
      ropeTheta: 10000,
      ropeScaling: { kind: "none" },
      normEpsilon: 1e-6,
      tiedEmbeddings: true,
      maxSequenceTokens,
      initializerRange: 0.02,
    },
    "smallModelConfig",
  );
}
