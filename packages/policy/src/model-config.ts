import { isJsonObject, type JsonObject } from "./json-file.ts";

/** The families that can be computed. They differ only in what attention does to q, k and v. */
export type ModelType = "qwen2" | "qwen3";

/**
 * The shape of a decoder-only transformer: RMSNorm before each part, rotary positions, grouped-query
 * attention, SwiGLU. Fields are those of Hugging Face's `config.json`.
 */
export interface ModelConfig {
  /** `qwen2` has biases on q, k and v; `qwen3` normalises each head of q and k. */
  readonly modelType: ModelType;
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** Divides `numHeads`: each key-value head serves `numHeads / numKeyValueHeads` query heads. */
  readonly numKeyValueHeads: number;
  /** Even; `numHeads * headSize` need not be `hiddenSize`. */
  readonly headSize: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  /** Whether the output head is the embedding table. */
  readonly tiedEmbeddings: boolean;
  /** The longest sequence, in tokens. */
  readonly maxSequenceTokens: number;
  /** Standard deviation of freshly drawn weights. */
  readonly initializerRange: number;
}

/** Reads the fields of one JSON object, with errors that name the source and the field. */
function fieldsOf(json: JsonObject, source: string) {
  const fail = (field: string, rule: string): never => {
    throw new RangeError(`${source}: ${field} must ${rule}, got ${JSON.stringify(json[field])}`);
  };
  const number = (field: string, fallback?: number): number => {
    const value = json[field] ?? fallback;
    if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
      return fail(field, "be a number > 0");
    }
    return value;
  };
  const count = (field: string, fallback?: number): number => {
    const value = number(field, fallback);
    return Number.isSafeInteger(value) ? value : fail(field, "be a whole number");
  };
  return { fail, number, count };
}

/** The rotary base, at the top level (older files) or in `rope_parameters` (newer ones). */
function readRopeTheta(json: JsonObject, source: string): number {
  const parameters = isJsonObject(json["rope_parameters"]) ? json["rope_parameters"] : {};
  const ropeType = parameters["rope_type"] ?? "default";
  if (ropeType !== "default") {
    throw new RangeError(
      `${source}: rope_parameters.rope_type must be "default", got ${JSON.stringify(ropeType)}`,
    );
  }
  if (json["rope_scaling"] !== undefined && json["rope_scaling"] !== null) {
    fieldsOf(json, source).fail("rope_scaling", "be absent or null");
  }
  const theta = parameters["rope_theta"] ?? json["rope_theta"] ?? 10000;
  return fieldsOf({ rope_theta: theta }, source).number("rope_theta");
}

/** Refuses what would silently compute something else. */
function refuseVariants(json: JsonObject, source: string): void {
  const { fail } = fieldsOf(json, source);
  if (json["use_sliding_window"] === true) fail("use_sliding_window", "be false or absent");
  const layerTypes = json["layer_types"];
  if (Array.isArray(layerTypes) && layerTypes.some((type) => type !== "full_attention")) {
    fail("layer_types", 'be "full_attention" in every layer');
  }
  const activation = json["hidden_act"] ?? "silu";
  if (activation !== "silu") fail("hidden_act", 'be "silu"');
  if (json["attention_bias"] === true) fail("attention_bias", "be false or absent");
  if (json["quantization_config"]) fail("quantization_config", "be absent");
}

/**
 * Reads the parsed content of a Hugging Face `config.json`.
 * @param source - What messages call it, usually the file's path.
 * @throws `RangeError` naming source and field for a family other than qwen2 and qwen3, for a missing
 *   field, and for variants that are not computed: sliding windows, scaled rotary positions, biases
 *   on q, k and v of qwen3, quantized weights.
 */
export function parseModelConfig(json: unknown, source = "config.json"): ModelConfig {
  if (!isJsonObject(json)) throw new TypeError(`${source}: must be a JSON object`);
  const { fail, number, count } = fieldsOf(json, source);
  const modelType = json["model_type"];
  if (modelType !== "qwen2" && modelType !== "qwen3") {
    return fail("model_type", 'be "qwen2" or "qwen3"');
  }
  refuseVariants(json, source);
  const hiddenSize = count("hidden_size");
  const numHeads = count("num_attention_heads");
  return checkModelConfig(
    {
      modelType,
      vocabularySize: count("vocab_size"),
      hiddenSize,
      intermediateSize: count("intermediate_size"),
      numLayers: count("num_hidden_layers"),
      numHeads,
      numKeyValueHeads: count("num_key_value_heads", numHeads),
      headSize: count("head_dim", hiddenSize / numHeads),
      ropeTheta: readRopeTheta(json, source),
      normEpsilon: number("rms_norm_eps", 1e-6),
      tiedEmbeddings: json["tie_word_embeddings"] === true,
      maxSequenceTokens: count("max_position_embeddings"),
      initializerRange: number("initializer_range", 0.02),
    },
    source,
  );
}

/**
 * Checks what the fields of a config must be to each other.
 * @returns The same config.
 * @throws `RangeError` naming source and field.
 */
export function checkModelConfig(config: ModelConfig, source = "modelConfig"): ModelConfig {
  if (config.modelType !== "qwen2" && config.modelType !== "qwen3") {
    throw new RangeError(
      `${source}: modelType must be "qwen2" or "qwen3", got ${JSON.stringify(config.modelType)}`,
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

/** A config as Hugging Face's `config.json`; {@link parseModelConfig} reads it back. */
export function modelConfigJson(config: ModelConfig): Record<string, unknown> {
  return {
    architectures: [config.modelType === "qwen2" ? "Qwen2ForCausalLM" : "Qwen3ForCausalLM"],
    attention_dropout: 0,
    dtype: "float32",
    head_dim: config.headSize,
    hidden_act: "silu",
    hidden_size: config.hiddenSize,
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxSequenceTokens,
    model_type: config.modelType,
    num_attention_heads: config.numHeads,
    num_hidden_layers: config.numLayers,
    num_key_value_heads: config.numKeyValueHeads,
    rms_norm_eps: config.normEpsilon,
    // Both places: older readers look at the top level, newer ones into rope_parameters.
    rope_theta: config.ropeTheta,
    rope_parameters: { rope_theta: config.ropeTheta, rope_type: "default" },
    tie_word_embeddings: config.tiedEmbeddings,
    use_cache: true,
    use_sliding_window: false,
    vocab_size: config.vocabularySize,
  };
}

/** What a small model leaves open; the rest follows. */
export interface SmallModelOptions {
  readonly vocabularySize: number;
  /** Default 128. */
  readonly hiddenSize?: number;
  /** Default 4. */
  readonly numLayers?: number;
  /** Default `hiddenSize / 32`. */
  readonly numHeads?: number;
  /** Default half of `numHeads`, at least 1. */
  readonly numKeyValueHeads?: number;
  /** Default `3 * hiddenSize`. */
  readonly intermediateSize?: number;
  /** Default 2048. */
  readonly maxSequenceTokens?: number;
}

/** The config of a small Qwen3 with tied embeddings, for policies that are trained from nothing. */
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
      ropeTheta: 10000,
      normEpsilon: 1e-6,
      tiedEmbeddings: true,
      maxSequenceTokens,
      initializerRange: 0.02,
    },
    "smallModelConfig",
  );
}
