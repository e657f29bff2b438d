import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject, readJson, readJsonIfPresent, writeJson } from "./json-file.ts";
import { modelConfigJson, parseModelConfig, type ModelConfig } from "./model-config.ts";
import { parameterTable, type Parameters, type ParameterSpec } from "./parameters.ts";
import { readSafetensors, writeSafetensors, type StoredTensor } from "./safetensors.ts";

/** A model as it lies in a folder. */
export interface Checkpoint {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
}

/** Reads and checks the `config.json` of a folder. */
export async function readModelConfig(directory: string): Promise<ModelConfig> {
  const path = join(directory, "config.json");
  return parseModelConfig(await readJson(path), path);
}

/** A model that was read, with the text pairs of its file's header. */
export interface StoredCheckpoint extends Checkpoint {
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a model from a Hugging Face folder: `config.json` and `model.safetensors`, or the parts that
 * `model.safetensors.index.json` names.
 * @param expected - The model that the weights must fit; default that of `config.json`.
 * @throws `Error` naming file, tensor, expected and found shape where they do not fit.
 */
export async function readCheckpoint(
  directory: string,
  expected?: ModelConfig,
): Promise<StoredCheckpoint> {
  const config = expected ?? (await readModelConfig(directory));
  const files = await weightFiles(directory);
  const found = new Map<string, StoredTensor>();
  let metadata = {};
  for (const path of files) {
    const file = await readSafetensors(path);
    for (const [name, tensor] of file.tensors) found.set(name, tensor);
    metadata = { ...metadata, ...file.metadata };
  }
  const source = files.length === 1 ? files[0]! : directory;
  return { config, parameters: matchTensors(parameterTable(config), found, source), metadata };
}

async function weightFiles(directory: string): Promise<string[]> {
  const indexPath = join(directory, "model.safetensors.index.json");
  const index = await readJsonIfPresent(indexPath);
  if (!index) return [join(directory, "model.safetensors")];
  const map = index["weight_map"];
  if (!isJsonObject(map)) {
    throw new Error(`${indexPath}: weight_map must be an object, got ${String(map)}`);
  }
  return [...new Set(Object.values(map).map(String))].map((file) => join(directory, file));
}

/**
 * Picks the tensors of a table out of a file's.
 * @param prefix - Stands before the names in the file.
 * @throws `Error` naming file, tensor, expected and found shape. Tensors that the table does not know
 *   are an error too: ignoring them would compute another model. A head beside tied embeddings is let
 *   through, since some writers store it twice.
 */
export function matchTensors(
  table: readonly ParameterSpec[],
  found: ReadonlyMap<string, StoredTensor>,
  source: string,
  prefix = "",
): Parameters {
  const parameters = new Map<string, Float32Array>();
  for (const { name, shape } of table) {
    const tensor = found.get(prefix + name);
    const expected = `[${shape.join(", ")}]`;
    if (!tensor)
      throw new Error(`${source}: ${prefix + name} must have shape ${expected}, got nothing`);
    if (tensor.shape.join() !== shape.join()) {
      throw new Error(
        `${source}: ${prefix + name} must have shape ${expected}, got [${tensor.shape.join(", ")}]`,
      );
    }
    parameters.set(name, tensor.values);
  }
  const known = new Set([...table.map(({ name }) => prefix + name), `${prefix}lm_head.weight`]);
  for (const name of found.keys()) {
    if (name.startsWith(prefix) && !known.has(name)) {
      throw new Error(
        `${source}: ${name} must belong to the model of config.json, got one too many`,
      );
    }
  }
  return parameters;
}

/** Pairs values with the shapes of a table, under names with a prefix. */
export function storedTensors(
  table: readonly ParameterSpec[],
  values: Parameters,
  prefix = "",
): Map<string, StoredTensor> {
  return new Map(
    table.map(({ name, shape }) => [prefix + name, { shape, values: values.get(name)! }]),
  );
}

/**
 * Writes a model as a Hugging Face folder, which is made where it is missing. Each file is replaced
 * atomically.
 * @param metadata - Text pairs for the header of `model.safetensors`.
 */
export async function writeCheckpoint(
  directory: string,
  { config, parameters }: Checkpoint,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const tensors = storedTensors(parameterTable(config), parameters);
  const path = join(directory, "model.safetensors");
  await writeSafetensors(path, tensors, { format: "pt", ...metadata });
  await writeJson(join(directory, "config.json"), modelConfigJson(config));
}
