import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type JsonObject } from "../files/json-file.ts";
import type { FloatType } from "../files/safetensors.ts";
import { refuseUnknownFields } from "./config-fields.ts";
import { configReader, type ConfigReader } from "./shape/config-reader.ts";
import { families, isModelType, modelTypeNames } from "./families/families.ts";
import { checkModelConfig, type ModelConfig } from "./model-config.ts";
import { readRope, ropeScalingJson } from "./shape/rope-scaling.ts";

/** Throws for variants that no family supports. */
function refuseVariants({ json, fail }: ConfigReader, source: string): void {
  const activation = json["hidden_act"] ?? "silu";
  // Both names mean the same function.
  if (activation !== "silu" && activation !== "swish") fail("hidden_act", 'be "silu"');
  if ((json["partial_rotary_factor"] ?? 1) !== 1) {
    fail("partial_rotary_factor", "be 1 or absent");
  }
  if (json["quantization_config"]) fail("quantization_config", "be absent");
  refuseUnknownFields(json, source);
}

/**
 * Parses the content of a Hugging Face `config.json`.
 * @param source - Name for messages, usually the path of the file.
 * @throws `RangeError` naming source, field and value for an unknown family, a missing field, an
 *   unsupported variant (sliding windows, partial rotary positions, quantized weights, other
 *   activations and rotary scalings), and any other unknown field that is not null, false or empty.
 */
export function parseModelConfig(json: unknown, source = "config.json"): ModelConfig {
  if (!isJsonObject(json)) throw new TypeError(`${source}: must be a JSON object`);
  const reader = configReader(json, source);
  const { fail, number, count } = reader;
  const modelType = json["model_type"];
  if (!isModelType(modelType)) return fail("model_type", `be ${modelTypeNames}`);
  refuseVariants(reader, source);
  const common = {
    hiddenSize: count("hidden_size"),
    numHeads: count("num_attention_heads"),
    numLayers: count("num_hidden_layers"),
    maxSequenceTokens: count("max_position_embeddings"),
  };
  return checkModelConfig(
    {
      modelType,
      ...common,
      vocabularySize: count("vocab_size"),
      intermediateSize: count("intermediate_size"),
      numKeyValueHeads: count("num_key_value_heads", common.numHeads),
      ...families[modelType].readConfig(reader, common),
      ...readRope(json, source, common.maxSequenceTokens),
      normEpsilon: number("rms_norm_eps", 1e-6),
      tiedEmbeddings: json["tie_word_embeddings"] === true,
      initializerRange: number("initializer_range", 0.02),
    },
    source,
  );
}

/** Options of {@link modelConfigJson}. */
export interface ModelConfigJsonOptions {
  /** Storage type of the weights, for `dtype`. Default F32. */
  readonly type?: FloatType;
  /** Content of the original file; unchanged fields are kept. */
  readonly original?: JsonObject;
}

const typeNames: Readonly<Record<FloatType, string>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};

/** Converts a config to Hugging Face's `config.json`; the inverse of {@link parseModelConfig}. */
export function modelConfigJson(
  config: ModelConfig,
  { type = "F32", original }: ModelConfigJsonOptions = {},
): Record<string, unknown> {
  const dtype = typeNames[type];
  if (original) {
    const isSame = isDeepStrictEqual(parseModelConfig(original), config);
    const fields = isSame ? original : { ...original, ...freshConfigJson(config) };
    // Older files use the name torch_dtype.
    const name = Object.hasOwn(original, "torch_dtype") ? "torch_dtype" : "dtype";
    const { dtype: _, torch_dtype: __, ...rest } = fields;
    return { ...rest, [name]: dtype };
  }
  return { ...freshConfigJson(config), dtype, torch_dtype: dtype };
}

function freshConfigJson(config: ModelConfig): JsonObject {
  const { modelType, ropeScaling } = config;
  const family = families[modelType];
  const rope = ropeScalingJson(ropeScaling);
  return {
    architectures: [family.architecture],
    attention_dropout: 0,
    head_dim: config.headSize,
    hidden_act: "silu",
    hidden_size: config.hiddenSize,
    initializer_range: config.initializerRange,
    intermediate_size: config.intermediateSize,
    max_position_embeddings: config.maxSequenceTokens,
    model_type: modelType,
    num_attention_heads: config.numHeads,
    num_hidden_layers: config.numLayers,
    num_key_value_heads: config.numKeyValueHeads,
    rms_norm_eps: config.normEpsilon,
    // Write both: older readers use the top level, newer ones rope_parameters.
    rope_theta: config.ropeTheta,
    rope_scaling: ropeScaling.kind === "none" ? null : rope,
    rope_parameters: { rope_theta: config.ropeTheta, ...rope },
    tie_word_embeddings: config.tiedEmbeddings,
    use_cache: true,
    vocab_size: config.vocabularySize,
    ...family.writeConfig(config),
  };
}
