import { expect, test } from "vitest";
import { modelConfigJson, parseModelConfig, smallModelConfig } from "./model-config.ts";

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
    ropeTheta: 5000,
    normEpsilon: 1e-6,
    tiedEmbeddings: true,
    maxSequenceTokens: 64,
    initializerRange: 0.02,
  });
});

test("takes the rotary base from rope_parameters where they are", () => {
  const json = { ...qwen2, rope_parameters: { rope_type: "default", rope_theta: 1e6 } };
  expect(parseModelConfig(json).ropeTheta).toBe(1e6);
});

test("writes a config.json that it reads back", () => {
  const config = smallModelConfig({ vocabularySize: 300 });
  expect(parseModelConfig(modelConfigJson(config))).toEqual(config);
  const untied = { ...config, modelType: "qwen2" as const, tiedEmbeddings: false, headSize: 10 };
  expect(parseModelConfig(modelConfigJson(untied))).toEqual(untied);
});

test.each([
  [{ model_type: "llama" }, 'a/config.json: model_type must be "qwen2" or "qwen3", got "llama"'],
  [
    { use_sliding_window: true },
    "a/config.json: use_sliding_window must be false or absent, got true",
  ],
  [
    { rope_scaling: { type: "yarn" } },
    'a/config.json: rope_scaling must be absent or null, got {"type":"yarn"}',
  ],
  [
    { rope_parameters: { rope_type: "yarn" } },
    'a/config.json: rope_parameters.rope_type must be "default", got "yarn"',
  ],
  [{ hidden_act: "gelu" }, 'a/config.json: hidden_act must be "silu", got "gelu"'],
  [{ hidden_size: "8" }, 'a/config.json: hidden_size must be a number > 0, got "8"'],
  [{ vocab_size: undefined }, "a/config.json: vocab_size must be a number > 0, got undefined"],
  [{ num_key_value_heads: 3 }, "a/config.json: numHeads must be a multiple of numKeyValueHeads 3"],
  [{ head_dim: 3 }, "a/config.json: headSize must be even, got 3"],
  [{ layer_types: ["sliding_attention", "full_attention"] }, "a/config.json: layer_types must be"],
])("refuses %j by name", (change, message) => {
  expect(() => parseModelConfig({ ...qwen2, ...change }, "a/config.json")).toThrow(message);
});
