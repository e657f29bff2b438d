import { expect, test } from "vitest";
import {
  adapterConfig,
  adapterScale,
  adapterTable,
  mergeAdapter,
  type AdapterOptions,
} from "./lora.ts";
import { smallModelConfig } from "./model-config.ts";
import { drawParameters } from "./shape/parameters.ts";
import { initialParameters } from "./parameter-table.ts";

const model = smallModelConfig({ vocabularySize: 10, hiddenSize: 4, numLayers: 1, numHeads: 1 });

test("trains two matrices for each targeted layer, and whole layers of modulesToSave", () => {
  const adapter = adapterConfig(model, {
    rank: 2,
    targetModules: ["q_proj", "mlp.down_proj"],
    modulesToSave: ["norm"],
  });
  const rows = adapterTable(model, adapter).map(({ name, shape }) => `${name} ${shape.join("x")}`);
  expect(rows).toEqual([
    "model.layers.0.self_attn.q_proj.lora_A.weight 2x4",
    "model.layers.0.self_attn.q_proj.lora_B.weight 4x2",
    "model.layers.0.mlp.down_proj.lora_A.weight 2x12",
    "model.layers.0.mlp.down_proj.lora_B.weight 4x2",
    "model.norm.weight 4",
  ]);
  // By default all linear layers are targeted: seven in each layer of the model.
  expect(adapterTable(model, adapterConfig(model, {}))).toHaveLength(14);
});

test("starts equal to the model: A uniform within 1 / sqrt(inputs), B zero", () => {
  const wide = smallModelConfig({ vocabularySize: 10, hiddenSize: 100, numLayers: 1 });
  const table = adapterTable(wide, adapterConfig(wide, { rank: 40, targetModules: ["q_proj"] }));
  const [a, b] = [...drawParameters(table, wide, 1).values()];
  expect(Math.max(...a!)).toBeGreaterThan(0.099);
  expect(Math.max(...a!.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.1));
  // A uniform distribution has a variance of its bound squared over 3; 4000 draws are within 3 %.
  const variance = a!.reduce((sum, value) => sum + value * value, 0) / a!.length;
  expect(variance / (0.01 / 3)).toBeGreaterThan(0.95);
  expect(variance / (0.01 / 3)).toBeLessThan(1.05);
  expect(new Set(b)).toEqual(new Set([0]));
});

test("scales by alpha over the rank, or over its square root", () => {
  expect(adapterScale(adapterConfig(model, { rank: 4, alpha: 8 }))).toBe(2);
  expect(adapterScale(adapterConfig(model, { rank: 4, alpha: 8, scaling: "root-rank" }))).toBe(4);
  expect(adapterScale(adapterConfig(model, { rank: 5 }))).toBe(2);
});

test("merges scale * B A into the targeted weights only", () => {
  const parameters = initialParameters(model, 0);
  const config = adapterConfig(model, {
    rank: 1,
    alpha: 3,
    targetModules: ["q_proj"],
    modulesToSave: ["norm"],
  });
  const name = "model.layers.0.self_attn.q_proj";
  const norm = Float32Array.of(1, 2, 3, 4);
  const values = new Map([
    [`${name}.lora_A.weight`, Float32Array.of(1, 0, 2, 0)],
    [`${name}.lora_B.weight`, Float32Array.of(0, 10, 0, -1)],
    ["model.norm.weight", norm],
  ]);
  const merged = mergeAdapter(model, parameters, { config, parameters: values });
  const before = parameters.get(`${name}.weight`)!;
  const change = merged.get(`${name}.weight`)!.map((value, i) => value - before[i]!);
  // The change 3 * B A, `[4, 4]`, is in rows 1 and 3.
  const expected = [0, 0, 0, 0, 30, 0, 60, 0, 0, 0, 0, 0, -3, 0, -6, 0];
  change.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  expect(merged.get("model.norm.weight")).toBe(norm);
  const other = "model.layers.0.self_attn.k_proj.weight";
  expect(merged.get(other)).toBe(parameters.get(other));
  expect([...merged.keys()]).toEqual([...parameters.keys()]);
});

test.each<[AdapterOptions, string]>([
  [{ rank: 0 }, "adapter: rank must be a whole number >= 1, got 0"],
  [{ alpha: Number.NaN }, "adapter: alpha must be finite and > 0, got NaN"],
  [{ targetModules: [] }, "adapter: targetModules must name at least one layer, got none"],
  [
    { targetModules: ["q_proj", "query"] },
    'adapter: targetModules must name linear layers of attention or the gated unit, got "query"',
  ],
  [{ targetModules: ["lm_head"] }, 'gated unit, got "lm_head"'],
  [{ modulesToSave: ["head"] }, 'adapter: modulesToSave must name layers of the model, got "head"'],
  [
    { modulesToSave: ["q_proj"] },
    'adapter: modulesToSave must not name a layer of targetModules, got "q_proj"',
  ],
  [
    { modulesToSave: ["embed_tokens"] },
    'adapter: modulesToSave must not name the embedding or the head if they are tied, got "embed_tokens"',
  ],
])("refuses %j", (options, message) => {
  expect(() => adapterConfig(model, options)).toThrow(message);
});
