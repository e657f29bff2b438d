import { expect, test } from "vitest";
import { adapterConfig, adapterTable } from "./lora.ts";
import { smallModelConfig } from "./model-config.ts";
import { countEntries, parameterLayout, withoutTrainedParts } from "./parameter-layout.ts";
import { parameterTable } from "./parameter-table.ts";

const config = smallModelConfig({ vocabularySize: 10, hiddenSize: 4, numLayers: 1, numHeads: 1 });
const adapter = adapterConfig(config, {
  rank: 2,
  targetModules: ["q_proj"],
  modulesToSave: ["norm"],
});
const names = (specs: readonly { readonly name: string }[]): string[] =>
  specs.map(({ name }) => name);

test("trains the model if there is no adapter", () => {
  const layout = parameterLayout(config);
  expect(layout.trained).toEqual(parameterTable(config));
  expect([...layout.shapes.keys()]).toEqual(names(parameterTable(config)));
  expect(layout).toMatchObject({ config, adapter: undefined, valueHead: [] });
});

test("trains the adapter instead of the model, then the value head", () => {
  const layout = parameterLayout(config, { adapter, valueHead: true });
  expect(names(layout.trained)).toEqual([
    ...names(adapterTable(config, adapter)),
    "value_head.weight",
    "value_head.bias",
  ]);
  expect(layout.model).toEqual(parameterTable(config));
  expect(names(layout.adapter!.modules.map(({ module }) => ({ name: module })))).toEqual([
    "model.layers.0.self_attn.q_proj",
  ]);
  expect(names(layout.adapter!.saved)).toEqual(["model.norm.weight"]);
});

test("has one shape for a parameter that is trained whole, and none for the value head", () => {
  const { shapes } = parameterLayout(config, { adapter, valueHead: true });
  // All parameters of the model, and the two matrices of the adapter.
  expect(shapes.size).toBe(parameterTable(config).length + 2);
  expect(shapes.get("model.norm.weight")).toEqual([4]);
  expect(shapes.has("value_head.weight")).toBe(false);
});

test("is the model alone without the trained parts", () => {
  const layout = parameterLayout(config, { adapter, valueHead: true });
  expect(withoutTrainedParts(layout)).toEqual(parameterLayout(config));
});

test("survives a message to a worker", () => {
  const layout = parameterLayout(config, { adapter, valueHead: true });
  expect(structuredClone(layout)).toEqual(layout);
});

test("counts entries", () => {
  // 2 x 4 and 4 x 2 for q_proj, 4 for the norm; 1 x 4 and 1 for the value head.
  const { trained } = parameterLayout(config, { adapter, valueHead: true });
  expect(countEntries(trained)).toBe(8 + 8 + 4 + 4 + 1);
  expect(countEntries([])).toBe(0);
});
