import { forestTokens, trace } from "@turnwise/graph";
import { describe, expect, it } from "vitest";
import { modelConfigJson, parseModelConfig } from "../config-json.ts";
import { checkModelConfig, smallModelConfig, type ModelConfig } from "../model-config.ts";
import { parameterTable } from "../parameter-table.ts";
import { forwardForest, headWeight, traceModel } from "../transformer.ts";
import { families, isModelType, modelTypeNames } from "./families.ts";
import { parameterLayout } from "../parameter-layout.ts";

const small = smallModelConfig({ vocabularySize: 11, hiddenSize: 8, numLayers: 2, numHeads: 2 });

/** Small configs of a family, with each combination of biases that it allows. */
function configsOf(modelType: ModelConfig["modelType"]): ModelConfig[] {
  const { attentionBiases, mlpBiases } = families[modelType];
  return attentionBiases.flatMap((biases) =>
    mlpBiases.map((hasBiases) => ({
      ...small,
      modelType,
      attentionBiases: biases,
      mlpBiases: hasBiases,
      tiedEmbeddings: false,
    })),
  );
}

describe.each(Object.keys(families).filter(isModelType))("%s", (modelType) => {
  it("reads back the config.json that it writes, under the family's own names", () => {
    for (const config of configsOf(modelType)) {
      const json = modelConfigJson(config);
      expect(json).toMatchObject({
        model_type: modelType,
        architectures: [families[modelType].architecture],
      });
      expect(parseModelConfig(json)).toEqual(config);
    }
  });

  it("uses all of its parameters, and no others", () => {
    for (const config of configsOf(modelType)) {
      const { inputs } = trace((g) => {
        const model = traceModel(g, parameterLayout(config));
        const tokens = g.input("tokens", "int32", [forestTokens]);
        const wanted = g.input("wanted", "int32", ["n"]);
        return { logits: g.linear(forwardForest(model, tokens, wanted), headWeight(model)) };
      });
      const used = Object.keys(inputs).filter((name) => name.includes("."));
      expect(used.sort()).toEqual(
        parameterTable(config)
          .map(({ name }) => name)
          .sort(),
      );
    }
  });

  it("accepts the biases that it supports, and refuses others", () => {
    const config = configsOf(modelType)[0]!;
    const { attentionBiases } = families[modelType];
    for (const biases of attentionBiases) {
      const valid = { ...config, attentionBiases: biases };
      expect(checkModelConfig(valid)).toBe(valid);
    }
    const all = ["none", "query-key-value", "all"] as const;
    for (const biases of all.filter((each) => !attentionBiases.includes(each))) {
      const wrong = { ...config, attentionBiases: biases };
      expect(() => checkModelConfig(wrong)).toThrow(`in ${modelType}, got "${biases}"`);
    }
  });
});

it("names all families in messages", () => {
  expect(modelTypeNames).toBe('"llama", "qwen2" or "qwen3"');
  const json = { ...modelConfigJson(small), model_type: "toString" };
  expect(() => parseModelConfig(json)).toThrow('model_type must be "llama", "qwen2" or "qwen3"');
});

it.each([
  ["qwen3", { mlpBiases: true }, "mlpBiases must be false in qwen3, got true"],
  [
    "qwen2",
    { attentionBiases: "none" },
    'attentionBiases must be "query-key-value" in qwen2, got "none"',
  ],
  [
    "llama",
    { attentionBiases: "query-key-value" },
    'attentionBiases must be "none" or "all" in llama, got "query-key-value"',
  ],
] as const)("checks the biases of %s with %j", (modelType, change, message) => {
  const config: ModelConfig = { ...configsOf(modelType)[0]!, ...change };
  expect(() => checkModelConfig(config)).toThrow(message);
});
