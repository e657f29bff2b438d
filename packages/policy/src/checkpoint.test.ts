import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { readJson } from "./json-file.ts";
import { modelConfigJson, smallModelConfig } from "./model-config.ts";
import { initialParameters } from "./parameters.ts";
import { findSharedData } from "./shared-data.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-checkpoint-"));
afterAll(() => rm(directory, { recursive: true }));

const config = smallModelConfig({ vocabularySize: 20, hiddenSize: 32, numLayers: 1 });
const parameters = initialParameters(config, 0);

test("returns the model that was written", async () => {
  await writeCheckpoint(directory, { config, parameters });
  expect(await readCheckpoint(directory)).toMatchObject({ config, parameters });
});

test("names file, tensor and both shapes of a checkpoint that does not fit its config", async () => {
  await writeCheckpoint(directory, { config, parameters });
  const path = join(directory, "config.json");
  const file = join(directory, "model.safetensors");
  await writeFile(path, JSON.stringify(modelConfigJson({ ...config, vocabularySize: 21 })));
  await expect(readCheckpoint(directory)).rejects.toThrow(
    `${file}: model.embed_tokens.weight must have shape [21, 32], got [20, 32]`,
  );
  await writeFile(path, JSON.stringify(modelConfigJson({ ...config, numLayers: 2 })));
  await expect(readCheckpoint(directory)).rejects.toThrow(
    `${file}: model.layers.1.input_layernorm.weight must have shape [32], got nothing`,
  );
  await writeFile(
    path,
    JSON.stringify(modelConfigJson({ ...config, modelType: "llama", attentionBiases: "all" })),
  );
  await expect(readCheckpoint(directory)).rejects.toThrow("q_proj.bias must have shape [32]");
  await writeFile(path, "{");
  await expect(readCheckpoint(directory)).rejects.toThrow(`${path}: must be JSON`);
});

const shared = findSharedData("policy/qwen3-untied");
test.skipIf(!shared)("reads a checkpoint that transformers wrote", async () => {
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
