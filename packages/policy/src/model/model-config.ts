import { isDeepStrictEqual } from "node:util";
import { refuseUnknownFields } from "./config-fields.ts";
import { isJsonObject, type JsonObject } from "../files/json-file.ts";
import { readRope, ropeScalingJson, type RopeScaling } from "./rope-scaling.ts";
import type { FloatType } from "../files/safetensors.ts";

/** The families that can be computed. They differ in what attention does to q, k and v. */
export type ModelType = "llama" | "qwen2" | "qwen3";

/**
 * The shape of a decoder-only transformer: RMSNorm before each part, rotary positions, grouped-query
 * attention, SwiGLU. Fields are those of Hugging Face's `config.json`.
 */
export interface ModelConfig {
  /** `qwen3` normalises each head of q and k; the others do not. */
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
  /** Which projections of attention have a bias; qwen2 has those of q, k and v. */
  readonly attentionBiases: "none" | "query-key-value" | "all";
  /** Whether the three projections of the gated unit have a bias; in llama only. */
  readonly mlpBiases: boolean;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
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

/** The window behind which layers that slide see nothing, and the largest that counts. */
function refuseSlidingWindow(
  json: JsonObject,
  source: string,
  { modelType, numLayers, maxSequenceTokens }: ModelConfig,
): void {
  const { fail } = fieldsOf(json, source);
  const layerTypes = json["layer_types"] ?? undefined;
  if (layerTypes !== undefined) {
    if (!Array.isArray(layerTypes) || layerTypes.length !== numLayers) {
      return fail("layer_types", `have one entry for each of ${numLayers} layers`);
    }
    if (layerTypes.some((type) => type !== "full_attention")) {
      return fail("layer_types", 'be "full_attention" in every layer');
    }
    return;
  }
  // Qwen slides where it is switched on; other families would slide wherever a window is given.
  if (modelType !== "llama" && json["use_sliding_window"] !== true) return;
  const window = json["sliding_window"] ?? (modelType === "llama" ? undefined : 4096);
  if (window === undefined) return;
  if (typeof window === "number" && window >= maxSequenceTokens) return;
  const firstLayer = json["max_window_layers"] ?? 28;
  if (modelType !== "llama" && typeof firstLayer === "number" && firstLayer >= numLayers) return;
  if (modelType === "llama") fail("sliding_window", "be absent or null");
  fail("use_sliding_window", "be false or absent");
}

/** Refuses what would silently compute something else. */
function refuseVariants(json: JsonObject, source: string): void {
  const { fail } = fieldsOf(json, source);
  const activation = json["hidden_act"] ?? "silu";
  // Two names of one function.
  if (activation !== "silu" && activation !== "swish") fail("hidden_act", 'be "silu"');
  if ((json["partial_rotary_factor"] ?? 1) !== 1) {
    fail("partial_rotary_factor", "be 1 or absent");
  }
  if (json["quantization_config"]) fail("quantization_config", "be absent");
  refuseUnknownFields(json, source);
}

/** Which projections of attention have a bias, by family and `attention_bias`. */
function readAttentionBiases(
  modelType: ModelType,
  json: JsonObject,
): ModelConfig["attentionBiases"] {
  if (modelType === "qwen2") return "query-key-value";
  return json["attention_bias"] === true ? "all" : "none";
}

/**
 * Reads the parsed content of a Hugging Face `config.json`.
 * @param source - What messages call it, usually the file's path.
 * @throws `RangeError` naming source, field and value for a family other than llama, qwen2 and qwen3,
 *   for a missing field, for variants that are not computed (sliding windows, partial rotary
 *   positions, quantized weights, other activations and rotary scalings), and for any other field
 *   that is not known and not switched off.
 */
export function parseModelConfig(json: unknown, source = "config.json"): ModelConfig {
  if (!isJsonObject(json)) throw new TypeError(`${source}: must be a JSON object`);
  const { fail, number, count } = fieldsOf(json, source);
  const modelType = json["model_type"];
  if (modelType !== "llama" && modelType !== "qwen2" && modelType !== "qwen3") {
    return fail("model_type", 'be "llama", "qwen2" or "qwen3"');
  }
  refuseVariants(json, source);
  const hiddenSize = count("hidden_size");
  const numHeads = count("num_attention_heads");
  const maxSequenceTokens = count("max_position_embeddings");
  const config = checkModelConfig(
    {
      modelType,
      vocabularySize: count("vocab_size"),
      hiddenSize,
      intermediateSize: count("intermediate_size"),
      numLayers: count("num_hidden_layers"),
      numHeads,
      numKeyValueHeads: count("num_key_value_heads", numHeads),
      headSize: count("head_dim", modelType === "qwen3" ? 128 : hiddenSize / numHeads),
      attentionBiases: readAttentionBiases(modelType, json),
      mlpBiases: modelType === "llama" && json["mlp_bias"] === true,
      ...readRope(json, source, maxSequenceTokens),
      normEpsilon: number("rms_norm_eps", 1e-6),
      tiedEmbeddings: json["tie_word_embeddings"] === true,
      maxSequenceTokens,
      initializerRange: number("initializer_range", 0.02),
    },
    source,
  );
  refuseSlidingWindow(json, source, config);
  return config;
}

/**
 * Checks what the fields of a config must be to each other.
 * @returns The same config.
 * @throws `RangeError` naming source and field.
 */
export function checkModelConfig(config: ModelConfig, source = "modelConfig"): ModelConfig {
  const { modelType, attentionBiases } = config;
  if (modelType !== "llama" && modelType !== "qwen2" && modelType !== "qwen3") {
    throw new RangeError(
      `${source}: modelType must be "llama", "qwen2" or "qwen3", got ${JSON.stringify(modelType)}`,
    );
  }
  if ((modelType === "qwen2") !== (attentionBiases === "query-key-value")) {
    throw new RangeError(
      `${source}: attentionBiases must be "query-key-value" in qwen2 and only there, got ${JSON.stringify(attentionBiases)} in ${modelType}`,
    );
  }
  if (config.mlpBiases && modelType !== "llama") {
    throw new RangeError(`${source}: mlpBiases must be false in ${modelType}, got true`);
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

const architectures: Readonly<Record<ModelType, string>> = {
  llama: "LlamaForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
};

/** Options of {@link modelConfigJson}. */
export interface ModelConfigJsonOptions {
  /** How the weights beside it are stored, for `dtype`. Default F32. */
  readonly type?: FloatType;
  /** The file that the config was read from: fields that it need not say again are kept. */
  readonly original?: JsonObject;
}

const typeNames: Readonly<Record<FloatType, string>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

/** A config as Hugging Face's `config.json`; {@link parseModelConfig} reads it back. */
export function modelConfigJson(
  config: ModelConfig,
  { type = "F32", original }: ModelConfigJsonOptions = {},
): Record<string, unknown> {
  const dtype = typeNames[type];
  if (original) {
    const isSame = isDeepStrictEqual(parseModelConfig(original), config);
    const fields = isSame ? original : { ...original, ...freshConfigJson(config) };
    // Older files call it torch_dtype.
    const name = Object.hasOwn(original, "torch_dtype") ? "torch_dtype" : "dtype";
    const { dtype: _, torch_dtype: __, ...rest } = fields;
    return { ...rest, [name]: dtype };
  }
  return { ...freshConfigJson(config), dtype, torch_dtype: dtype };
}

function freshConfigJson(config: ModelConfig): Record<string, unknown> {
  const { modelType, ropeScaling } = config;
  const rope = ropeScalingJson(ropeScaling);
  return {
    architectures: [architectures[modelType]],
    attention_dropout: 0,
    ...(modelType !== "qwen2" && { attention_bias: config.attentionBiases === "all" }),
    head_dim: config.headSize,
    hidden_act: "silu",
    hidden_size: config.hiddenSize,
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxSequenceTokens,
    ...(modelType === "llama" && { mlp_bias: config.mlpBiases }),
    model_type: modelType,
    num_attention_heads: config.numHeads,
    num_hidden_layers: config.numLayers,
    num_key_value_heads: config.numKeyValueHeads,
    rms_norm_eps: config.normEpsilon,
    // Both places: older readers look at the top level, newer ones into rope_parameters.
    rope_theta: config.ropeTheta,
    rope_scaling: ropeScaling.kind === "none" ? null : rope,
    rope_parameters: { rope_theta: config.ropeTheta, ...rope },
    tie_word_embeddings: config.tiedEmbeddings,
    use_cache: true,
    ...(modelType !== "llama" && { use_sliding_window: false }),
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
