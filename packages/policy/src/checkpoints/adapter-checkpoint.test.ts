import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  adapterConfigJson,
  parseAdapterConfig,
  readAdapter,
  readAdapterConfig,
  writeAdapter,
} from "./adapter-checkpoint.ts";
import { readModelConfig } from "./checkpoint.ts";
import { readJson, writeJson } from "../files/json-file.ts";
import { adapterConfig, adapterTable, allLinearModules } from "../model/lora.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { drawParameters } from "../model/shape/parameters.ts";
import { findSharedData } from "../testing/shared-data.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-adapter-"));
afterAll(() => rm(directory, { recursive: true }));

const model = smallModelConfig({ vocabularySize: 10, hiddenSize: 32, numLayers: 2 });
const config = adapterConfig(model, {
  rank: 3,
  alpha: 5,
  scaling: "root-rank",
  modulesToSave: ["norm"],
});
const parameters = drawParameters(adapterTable(model, config), model, 0);

test("reads back the adapter that was written", async () => {
  await writeAdapter(directory, model, { config, parameters }, { baseModel: "base" });
  expect((await readdir(directory)).toSorted()).toEqual([
    "adapter_config.json",
    "adapter_model.safetensors",
  ]);
  expect(await readAdapter(directory, model)).toMatchObject({ config, parameters });
  expect(await readJson(join(directory, "adapter_config.json"))).toMatchObject({
    base_model_name_or_path: "base",
    use_rslora: true,
  });
});

test("names file, tensor and shapes if the adapter belongs to another model", async () => {
  await writeAdapter(directory, model, { config, parameters });
  const file = join(directory, "adapter_model.safetensors");
  const wider = smallModelConfig({ vocabularySize: 10, hiddenSize: 64, numLayers: 2 });
  await expect(readAdapter(directory, wider)).rejects.toThrow(
    `${file}: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight must have shape [3, 64], got [3, 32]`,
  );
  await expect(readAdapter(directory, { ...model, numLayers: 3 })).rejects.toThrow(
    `${file}: base_model.model.model.layers.2.self_attn.q_proj.lora_A.weight must have shape [3, 32], got no tensor`,
  );
  await expect(readAdapter(directory, { ...model, numLayers: 1 })).rejects.toThrow(
    "model.layers.1.self_attn.q_proj.lora_A.weight is not a parameter of the model",
  );
});

const peft = {
  peft_type: "LORA",
  r: 4,
  lora_alpha: 8,
  lora_dropout: 0.0,
  target_modules: ["q_proj"],
  modules_to_save: null,
  bias: "none",
  rank_pattern: {},
  use_dora: false,
  qalora_group_size: 16,
};

test("reads plain LoRA folders written by peft", () => {
  expect(parseAdapterConfig(peft, model)).toEqual({
    rank: 4,
    alpha: 8,
    scaling: "rank",
    targetModules: ["q_proj"],
    modulesToSave: [],
  });
  const all = parseAdapterConfig({ ...peft, target_modules: "all-linear" }, model);
  expect(all.targetModules).toEqual(allLinearModules);
  expect(parseAdapterConfig(adapterConfigJson(config), model)).toEqual(config);
});

test("selects layers by patterns, exclusions and indices", () => {
  const targets = (change: object): readonly string[] =>
    parseAdapterConfig({ ...peft, ...change }, model).targetModules.map((name) =>
      name.replace("model.layers.", ""),
    );
  expect(targets({ target_modules: ".*\\.(q|v)_proj" })).toEqual([
    "0.self_attn.q_proj",
    "0.self_attn.v_proj",
    "1.self_attn.q_proj",
    "1.self_attn.v_proj",
  ]);
  expect(targets({ target_modules: "all-linear", layers_to_transform: 1 })).toHaveLength(7);
  expect(
    targets({ target_modules: ["q_proj", "up_proj"], exclude_modules: ["0.mlp.up_proj"] }),
  ).toEqual(["0.self_attn.q_proj", "1.self_attn.q_proj", "1.mlp.up_proj"]);
});

test.each([
  { lora_dropout: 0.05 },
  { init_lora_weights: false },
  { init_lora_weights: "gaussian" },
  { init_lora_weights: "orthogonal" },
  { init_lora_weights: "eva", eva_config: { rho: 2, tau: 0.99 } },
  { loftq_config: { loftq_bits: 4 }, corda_config: { corda_method: "ipm" } },
])("accepts %j, which has no effect on inference", (change) => {
  expect(parseAdapterConfig({ ...peft, ...change }, model)).toEqual(
    parseAdapterConfig(peft, model),
  );
});

test("refuses to train an adapter with dropout", async () => {
  const change = { ...peft, lora_dropout: 0.05 };
  expect(() => parseAdapterConfig(change, model, "a.json", "training")).toThrow(
    "a.json: lora_dropout must be 0 to train the adapter, because dropout is not supported, got 0.05",
  );
});

test.each(["adapter_model.bin", "adapter_model.pt"])(
  "reports that %s is not supported",
  async (name) => {
    const folder = await mkdtemp(join(directory, "pickle-"));
    await writeJson(join(folder, "adapter_config.json"), peft);
    await writeJson(join(folder, name), {});
    await expect(readAdapter(folder, model)).rejects.toThrow(
      `${join(folder, name)}: weights must be a safetensors file, got a pickle file, which is not supported because reading it executes code; save the model again with safe_serialization=True`,
    );
  },
);

test.each([
  [{ peft_type: "IA3" }, 'a.json: peft_type must be "LORA", got "IA3"'],
  [{ use_dora: true }, "a.json: use_dora must be absent, because it is not supported, got true"],
  [{ lora_dropout: 1.5 }, "a.json: lora_dropout must be a number in [0, 1], got 1.5"],
  [{ bias: "all" }, 'a.json: bias must be "none", got "all"'],
  [
    { rank_pattern: { q_proj: 8 } },
    'rank_pattern must be absent, because it is not supported, got {"q_proj":8}',
  ],
  [{ layers_to_transform: ["0"] }, 'layers_to_transform must be whole numbers, got ["0"]'],
  [{ layers_to_transform: 7 }, "target_modules must match a linear layer of the model"],
  [{ layers_pattern: "blocks" }, 'layers_pattern must be "layers", got "blocks"'],
  [{ target_modules: "(" }, 'target_modules must be a regular expression, got "("'],
  [{ target_modules: 3 }, "target_modules must be a list of names or a pattern, got 3"],
  [{ fan_in_fan_out: true }, "fan_in_fan_out must be absent, because it is not supported, got "],
  [
    { init_lora_weights: "pissa" },
    'init_lora_weights must be true, false, "gaussian", "eva", "orthogonal", because other initializations change the base model, got "pissa"',
  ],
  [{ some_new_method: 3 }, "some_new_method must be absent, because it is not supported, got 3"],
  [{ target_modules: ["c_attn"] }, "a.json: targetModules must name linear layers"],
  [{ r: "4" }, 'a.json: r must be a number, got "4"'],
  [{ r: 0 }, "a.json: rank must be a whole number >= 1, got 0"],
])("refuses %j by name", (change, message) => {
  expect(() => parseAdapterConfig({ ...peft, ...change }, model, "a.json")).toThrow(message);
});

const shared = findSharedData("policy/llama-lora");
test.skipIf(!shared)("writes the same folder as peft, tensor by tensor", async () => {
  const base = await readModelConfig(shared!);
  const adapter = await readAdapter(join(shared!, "adapter"), base);
  const folder = join(directory, "copy");
  await writeAdapter(folder, base, adapter);
  expect(await readAdapter(folder, base)).toMatchObject({
    config: adapter.config,
    parameters: adapter.parameters,
  });
  const [written, original] = await Promise.all(
    [folder, join(shared!, "adapter")].map((each) => readJson(join(each, "adapter_config.json"))),
  );
  for (const [field, value] of Object.entries(written!)) {
    expect(value).toEqual(original![field]);
  }
  expect(await readAdapterConfig(folder, base)).toEqual(adapter.config);
});
