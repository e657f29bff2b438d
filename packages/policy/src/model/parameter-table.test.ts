import { expect, test } from "vitest";
import { smallModelConfig } from "./model-config.ts";
import { initialParameters, parameterTable } from "./parameter-table.ts";

const config = smallModelConfig({ vocabularySize: 50, hiddenSize: 64, numLayers: 2 });

test("names the tensors as Hugging Face does", () => {
  const names = (overrides: Partial<typeof config>): string[] =>
    parameterTable({ ...config, ...overrides, numLayers: 1 }).map(({ name }) => name);
  expect(names({})).toEqual([
    "model.embed_tokens.weight",
    "model.layers.0.input_layernorm.weight",
    "model.layers.0.self_attn.q_proj.weight",
    "model.layers.0.self_attn.k_proj.weight",
    "model.layers.0.self_attn.v_proj.weight",
    "model.layers.0.self_attn.q_norm.weight",
    "model.layers.0.self_attn.k_norm.weight",
    "model.layers.0.self_attn.o_proj.weight",
    "model.layers.0.post_attention_layernorm.weight",
    "model.layers.0.mlp.gate_proj.weight",
    "model.layers.0.mlp.up_proj.weight",
    "model.layers.0.mlp.down_proj.weight",
    "model.norm.weight",
  ]);
  const qwen2 = names({
    modelType: "qwen2",
    attentionBiases: "query-key-value",
    tiedEmbeddings: false,
  });
  expect(qwen2).toContain("model.layers.0.self_attn.k_proj.bias");
  expect(qwen2).not.toContain("model.layers.0.self_attn.k_norm.weight");
  expect(qwen2).not.toContain("model.layers.0.self_attn.o_proj.bias");
  expect(qwen2.at(-1)).toBe("lm_head.weight");
  const llama = names({ modelType: "llama", attentionBiases: "all", mlpBiases: true });
  expect(llama.filter((name) => name.endsWith(".bias"))).toEqual(
    [
      "self_attn.q",
      "self_attn.k",
      "self_attn.v",
      "self_attn.o",
      "mlp.gate",
      "mlp.up",
      "mlp.down",
    ].map((part) => `model.layers.0.${part}_proj.bias`),
  );
});

test("draws normal weights of the configured deviation, and norms of 1", () => {
  const parameters = initialParameters(config, 1);
  const spread = (name: string): number => {
    const values = parameters.get(name)!;
    return Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length);
  };
  // With 3200 and 12288 draws, the relative standard error is 1.3 % and 0.7 %.
  expect(spread("model.embed_tokens.weight") / 0.02).toBeCloseTo(1, 1);
  // Two layers: 0.02 / sqrt(4).
  expect(spread("model.layers.1.mlp.down_proj.weight") / 0.01).toBeCloseTo(1, 1);
  expect(new Set(parameters.get("model.norm.weight"))).toEqual(new Set([1]));
});

test("is fixed by the seed, tensor by tensor", () => {
  expect(initialParameters(config, "a")).toEqual(initialParameters(config, "a"));
  const other = initialParameters(config, "b");
  const deeper = initialParameters({ ...config, vocabularySize: 60 }, "a");
  const name = "model.layers.0.mlp.gate_proj.weight";
  expect(other.get(name)).not.toEqual(initialParameters(config, "a").get(name));
  expect(deeper.get(name)).toEqual(initialParameters(config, "a").get(name));
});
