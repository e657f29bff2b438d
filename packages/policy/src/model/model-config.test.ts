import { expect, test } from "vitest";
import { smallModelConfig, type ModelConfig } from "./model-config.ts";
import { modelConfigJson, parseModelConfig } from "./config-json.ts";

const qwen2 = {
  model_type: "qwen2",
  vocab_size: 10,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: true,
  rope_theta: 5000,
};

test("reads the fields of a config.json, and derives the head size", () => {
  expect(parseModelConfig(qwen2)).toEqual({
    modelType: "qwen2",
    vocabularySize: 10,
    hiddenSize: 8,
    intermediateSize: 12,
    numLayers: 2,
    numHeads: 4,
    numKeyValueHeads: 2,
    headSize: 2,
    attentionBiases: "query-key-value",
    mlpBiases: false,
    ropeTheta: 5000,
    ropeScaling: { kind: "none" },
    normEpsilon: 1e-6,
    tiedEmbeddings: true,
    maxSequenceTokens: 64,
    initializerRange: 0.02,
  });
});

test("takes the rotary base from rope_parameters if they are given", () => {
  const json = { ...qwen2, rope_parameters: { rope_type: "default", rope_theta: 1e6 } };
  expect(parseModelConfig(json).ropeTheta).toBe(1e6);
});

const llama = { ...qwen2, model_type: "llama", rope_theta: 500000 };

test("reads a Llama: optional biases, and an explicit head size", () => {
  expect(parseModelConfig(llama)).toMatchObject({ attentionBiases: "none", mlpBiases: false });
  const json = { ...llama, attention_bias: true, mlp_bias: true, head_dim: 6 };
  expect(parseModelConfig(json)).toMatchObject({
    attentionBiases: "all",
    mlpBiases: true,
    headSize: 6,
  });
  // If num_key_value_heads is absent, it equals the number of heads. Embeddings are untied by
  // default.
  const { num_key_value_heads: _, tie_word_embeddings: __, ...old } = llama;
  expect(parseModelConfig(old)).toMatchObject({ numKeyValueHeads: 4, tiedEmbeddings: false });
});

test("defaults the head size of a Qwen3 to 128, as transformers does", () => {
  expect(parseModelConfig({ ...qwen2, model_type: "qwen3" }).headSize).toBe(128);
});

test("ignores fields that do not affect the computation", () => {
  const json = {
    ...llama,
    _name_or_path: "somewhere",
    torch_dtype: "bfloat16",
    eos_token_id: [128001, 128009],
    pretraining_tp: 1,
    "transformers.js_config": { dtype: "q4" },
    quantization_config: null,
    some_new_switch: false,
    hidden_act: "swish",
    partial_rotary_factor: 1,
  };
  expect(parseModelConfig(json)).toEqual(parseModelConfig(llama));
});

test("accepts windows that never take effect", () => {
  const plain = parseModelConfig(qwen2);
  for (const window of [
    { use_sliding_window: false, sliding_window: 8, max_window_layers: 0 },
    { use_sliding_window: true, sliding_window: 64, max_window_layers: 0 },
    { use_sliding_window: true, sliding_window: 8, max_window_layers: 2 },
    { sliding_window: 8, layer_types: ["full_attention", "full_attention"] },
  ]) {
    expect(parseModelConfig({ ...qwen2, ...window })).toEqual(plain);
  }
});

test("writes a config.json that it reads back", () => {
  const config = smallModelConfig({ vocabularySize: 300 });
  expect(parseModelConfig(modelConfigJson(config))).toEqual(config);
  const untied = { ...config, modelType: "qwen2" as const, tiedEmbeddings: false, headSize: 10 };
  const qwen2 = { ...untied, attentionBiases: "query-key-value" as const };
  expect(parseModelConfig(modelConfigJson(qwen2))).toEqual(qwen2);
  const llama: ModelConfig = {
    ...config,
    modelType: "llama",
    attentionBiases: "all",
    mlpBiases: true,
    ropeScaling: {
      kind: "llama3",
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalMaxTokens: 512,
    },
  };
  expect(parseModelConfig(modelConfigJson(llama))).toEqual(llama);
});

test.each([
  [
    { model_type: "mistral" },
    'a/config.json: model_type must be "llama", "qwen2" or "qwen3", got "mistral"',
  ],
  [
    { use_sliding_window: true, sliding_window: 8, max_window_layers: 1 },
    "a/config.json: use_sliding_window must be false or absent, got true",
  ],
  [
    { layer_types: ["sliding_attention", "full_attention"] },
    'a/config.json: layer_types must be "full_attention" in every layer, got ["sliding_attention","full_attention"]',
  ],
  [{ layer_types: ["full_attention"] }, "layer_types must have one entry for each of 2 layers"],
  [{ model_type: "llama", sliding_window: 8 }, "sliding_window must be absent or null, got 8"],
  [{ hidden_act: "gelu" }, 'a/config.json: hidden_act must be "silu", got "gelu"'],
  [{ hidden_size: "8" }, 'a/config.json: hidden_size must be a number > 0, got "8"'],
  [{ vocab_size: undefined }, "a/config.json: vocab_size must be a number > 0, got undefined"],
  [{ num_key_value_heads: 3 }, "a/config.json: numHeads must be a multiple of numKeyValueHeads 3"],
  [{ head_dim: 3 }, "a/config.json: headSize must be even, got 3"],
  [{ partial_rotary_factor: 0.5 }, "partial_rotary_factor must be 1 or absent, got 0.5"],
  [
    { quantization_config: { quant_method: "gptq" } },
    'a/config.json: quantization_config must be absent, got {"quant_method":"gptq"}',
  ],
  [
    { final_logit_softcapping: 30 },
    "a/config.json: final_logit_softcapping must be absent, because it is not supported, got 30",
  ],
  [{ auto_map: { AutoModel: "x" } }, "auto_map must be absent, because it is not supported, got {"],
])("refuses %j by name", (change, message) => {
  expect(() => parseModelConfig({ ...qwen2, ...change }, "a/config.json")).toThrow(message);
});
