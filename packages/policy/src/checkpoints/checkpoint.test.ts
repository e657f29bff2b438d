import { copyFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { describeWeights, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { readJson } from "../files/json-file.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { modelConfigJson } from "../model/config-json.ts";
import { type Parameters } from "../model/shape/parameters.ts";
import { initialParameters, parameterTable } from "../model/parameter-table.ts";
import { writeSafetensors } from "../files/safetensors.ts";
import { findSharedData } from "../testing/shared-data.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-checkpoint-"));
afterAll(() => rm(directory, { recursive: true }));

const config = smallModelConfig({ vocabularySize: 20, hiddenSize: 32, numLayers: 1 });
const parameters = initialParameters(config, 0);

test("reads back the model that was written", async () => {
  await writeCheckpoint(directory, { config, parameters });
  expect(await readCheckpoint(directory)).toMatchObject({ config, parameters });
});

test("names file, tensor and both shapes if a checkpoint does not fit its config", async () => {
  await writeCheckpoint(directory, { config, parameters });
  const path = join(directory, "config.json");
  const file = join(directory, "model.safetensors");
  await writeFile(path, JSON.stringify(modelConfigJson({ ...config, vocabularySize: 21 })));
  await expect(readCheckpoint(directory)).rejects.toThrow(
    `${file}: model.embed_tokens.weight must have shape [21, 32], got [20, 32]`,
  );
  await writeFile(path, JSON.stringify(modelConfigJson({ ...config, numLayers: 2 })));
  await expect(readCheckpoint(directory)).rejects.toThrow(
    `${file}: model.layers.1.input_layernorm.weight must have shape [32], got no tensor`,
  );
  await writeFile(
    path,
    JSON.stringify(modelConfigJson({ ...config, modelType: "llama", attentionBiases: "all" })),
  );
  await expect(readCheckpoint(directory)).rejects.toThrow("q_proj.bias must have shape [32]");
  await writeFile(path, "{");
  await expect(readCheckpoint(directory)).rejects.toThrow(`${path}: file is not valid JSON: `);
});

test("keeps the type and file layout of a model, and detects its type", async () => {
  const folder = join(directory, "form");
  const original = {
    ...modelConfigJson(config),
    torch_dtype: "bfloat16",
    dtype: undefined,
    eos_token_id: [1, 2],
    _name_or_path: "somewhere",
  };
  // The largest tensors have 96 * 32 entries, 6144 bytes; smaller tensors share a file.
  await writeCheckpoint(
    folder,
    { config, parameters },
    { type: "BF16", maxFileBytes: 8000, configJson: original },
  );
  const described = await describeWeights(folder);
  expect(described).toEqual({ type: "BF16", numFiles: 5, numBytes: 2 * countOf(parameters) });
  const read = await readCheckpoint(folder);
  expect(read).toMatchObject({ config, type: "BF16" });
  for (const [name, values] of read.parameters) {
    // bfloat16 has eight bits of precision: a relative error of at most 2^-9.
    values.forEach((value, i) => {
      const exact = parameters.get(name)![i]!;
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) * 2 ** -8);
    });
  }
  const written = await readJson(join(folder, "config.json"));
  expect(written).toEqual(JSON.parse(JSON.stringify(original)));

  // Writing the rounded numbers again must not change them.
  await writeCheckpoint(folder, read, { type: "BF16", maxFileBytes: 8000 });
  expect((await readCheckpoint(folder)).parameters).toEqual(read.parameters);

  // Write a single file. The earlier files and their index must be removed, because they would take
  // precedence.
  await writeCheckpoint(folder, { config, parameters });
  expect((await readdir(folder)).toSorted()).toEqual(["config.json", "model.safetensors"]);
  expect(await readCheckpoint(folder)).toMatchObject({ parameters, type: "F32" });
});

const countOf = (values: Parameters): number =>
  [...values.values()].reduce((total, { length }) => total + length, 0);

test("checks files against their index and against each other", async () => {
  const folder = join(directory, "parts");
  const write = (): Promise<void> =>
    writeCheckpoint(folder, { config, parameters }, { maxFileBytes: 16000 });
  await write();
  const path = join(folder, "model.safetensors.index.json");
  const index = await readJson(path);
  const map = index["weight_map"] as Record<string, string>;
  const withMap = (change: object): Promise<void> =>
    writeFile(path, JSON.stringify({ ...index, weight_map: { ...map, ...change } }));
  await withMap({ "model.norm.weight": "../other.safetensors" });
  await expect(readCheckpoint(folder)).rejects.toThrow(
    `${path}: weight_map.model.norm.weight must be the name of a safetensors file, got "../other.safetensors"`,
  );
  const [first, second] = [...new Set(Object.values(map))];
  await withMap({ "model.norm.weight": first });
  await expect(readCheckpoint(folder)).rejects.toThrow(
    `${path}: weight_map.model.norm.weight is ${first}, but that file has no such tensor`,
  );
  await withMap({ extra: "model-9.safetensors" });
  await expect(readCheckpoint(folder)).rejects.toThrow("ENOENT");
  await writeFile(path, JSON.stringify({ weight_map: {} }));
  await expect(readCheckpoint(folder)).rejects.toThrow("weight_map must name files, got {}");

  // Two files contain the same tensor.
  await write();
  await copyFile(join(folder, first!), join(folder, "copy.safetensors"));
  await withMap({ "model.embed_tokens.weight": "copy.safetensors" });
  await expect(readCheckpoint(folder)).rejects.toThrow("must be in only one file, got it also in");
  await rm(join(folder, second!));
  await write();
  await rm(join(folder, second!));
  await expect(readCheckpoint(folder)).rejects.toThrow("ENOENT");
});

test("ignores only the extra tensors that older writers add", async () => {
  const table = [...parameters].map(
    ([name, values]) => [name, { shape: shapes.get(name)!, values }] as const,
  );
  const file = join(directory, "model.safetensors");
  const one = { shape: [1], values: Float32Array.of(1) };
  await writeFile(join(directory, "config.json"), JSON.stringify(modelConfigJson(config)));
  const inverse = "model.layers.0.self_attn.rotary_emb.inv_freq";
  // Embeddings are tied, so the additional head is a copy.
  await writeSafetensors(file, new Map([...table, [inverse, one], ["lm_head.weight", one]]));
  expect((await readCheckpoint(directory)).parameters).toEqual(parameters);
  await writeSafetensors(file, new Map([...table, ["model.layers.0.extra.weight", one]]));
  await expect(readCheckpoint(directory)).rejects.toThrow(
    `${file}: tensor model.layers.0.extra.weight is not a parameter of the model`,
  );
  const withNaN = parameters.get("model.norm.weight")!.with(5, Number.NaN);
  const norm = ["model.norm.weight", { shape: [32], values: withNaN }] as const;
  await writeSafetensors(file, new Map([...table, norm]));
  await expect(readCheckpoint(directory)).rejects.toThrow(
    `${file}: model.norm.weight[5] must be finite, got NaN`,
  );
});

const shapes = new Map(parameterTable(config).map(({ name, shape }) => [name, shape]));

const shared = findSharedData("policy/qwen3-untied");
test.skipIf(!shared)("reads a checkpoint written by transformers", async () => {
  const checkpoint = await readCheckpoint(shared!);
  expect(checkpoint.config).toMatchObject({ headSize: 24, numKeyValueHeads: 2, ropeTheta: 1e6 });
  await writeCheckpoint(directory, checkpoint);
  const { parameters } = await readCheckpoint(directory);
  expect(parameters).toEqual(checkpoint.parameters);
  const written = await readJson(join(directory, "config.json"));
  const original = await readJson(join(shared!, "config.json"));
  expect(written["architectures"]).toEqual(original["architectures"]);
  expect(written["head_dim"]).toBe(original["head_dim"]);
});
