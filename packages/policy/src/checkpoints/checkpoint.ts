import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../files/atomic-file.ts";
import { configText } from "../model/config-fields.ts";
import {
  isJsonObject,
  readJson,
  readJsonIfPresent,
  writeJson,
  type JsonObject,
} from "../files/json-file.ts";
import { type ModelConfig } from "../model/model-config.ts";
import { modelConfigJson, parseModelConfig } from "../model/config-json.ts";
import { refusePickle } from "../files/refuse-pickle.ts";
import { countElements, type Parameters, type ParameterSpec } from "../model/shape/parameters.ts";
import { countEntries, type ParameterLayout } from "../model/parameter-layout.ts";
import { parameterTable } from "../model/parameter-table.ts";
import { OpenSafetensors, writeSafetensors, type FloatType } from "../files/safetensors.ts";
import {
  locateParameters,
  readParameters,
  tensorsToWrite,
  type LocatedParameters,
  type ReadParametersOptions,
  type ReadTensor,
} from "./stored-parameters.ts";

/** Model checkpoint in a folder. */
export interface Checkpoint {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
}

/** Reads and checks the `config.json` of a folder. */
export async function readModelConfig(directory: string): Promise<ModelConfig> {
  const path = join(directory, "config.json");
  return parseModelConfig(await readJson(path), path);
}

/** Checkpoint read from a folder. */
export interface StoredCheckpoint extends Checkpoint {
  /** Metadata from the headers of the weight files. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Storage type of most entries. */
  readonly type: FloatType;
}

const indexName = "model.safetensors.index.json";

/**
 * Reads a model from a Hugging Face folder: `config.json` and `model.safetensors`, or the files
 * that `model.safetensors.index.json` lists. Config, index and headers are read and checked first;
 * each tensor is then read directly into its array. Peak memory is the float32 parameters plus one
 * chunk.
 * @param expected - Expected config. Default: the folder's `config.json`.
 * @throws `Error` naming file, tensor, expected and found shape if the weights do not match the
 *   config, and the index of any value that is NaN or infinite.
 */
export async function readCheckpoint(
  directory: string,
  expected?: ModelConfig,
): Promise<StoredCheckpoint> {
  const config = expected ?? (await readModelConfig(directory));
  return readWeights(directory, { config, model: parameterTable(config) });
}

/** Config and parameters of a model, as in `ParameterLayout`. */
type ModelLayout = Pick<ParameterLayout, "config" | "model">;

/** Reads only the weights of a model with a given layout. See {@link readCheckpoint}. */
export async function readWeights(
  directory: string,
  { config, model }: ModelLayout,
): Promise<StoredCheckpoint> {
  const { files, source } = await openWeights(directory);
  try {
    const parameters = await readParameters(model, files, source, ignoreExtras(config));
    return { config, parameters, metadata: mergeMetadata(files), type: findMainType(files) };
  } finally {
    await closeAll(files);
  }
}

/**
 * Ignores tensors that some writers add: a copy of tied embeddings as the head, or rotary
 * frequencies.
 */
function ignoreExtras({ tiedEmbeddings }: ModelConfig): ReadParametersOptions {
  return {
    isIgnored: (name) =>
      (tiedEmbeddings && name === "lm_head.weight") || name.endsWith(".rotary_emb.inv_freq"),
  };
}

/** Checkpoint whose files are open and whose headers are checked; values are read one by one. */
export interface OpenCheckpoint extends LocatedParameters {
  /** Storage type of most entries. */
  readonly type: FloatType;
  close(): Promise<void>;
}

/**
 * Opens a checkpoint without reading its values, so that the caller never holds all values at once.
 * Otherwise like {@link readCheckpoint}.
 */
export async function openCheckpoint(
  directory: string,
  { config, model }: ModelLayout,
): Promise<OpenCheckpoint> {
  const { files, source } = await openWeights(directory);
  try {
    const located = locateParameters(model, files, source, ignoreExtras(config));
    mergeMetadata(files);
    return { ...located, type: findMainType(files), close: () => closeAll(files) };
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

/** Storage type and size of a model's weights in its folder. */
export interface WeightsInfo {
  readonly type: FloatType;
  readonly numFiles: number;
  /** Total bytes of all tensors. */
  readonly numBytes: number;
}

/**
 * Reads only the headers of a model's files.
 * @throws `Error` naming a file that breaks the format.
 */
export async function describeWeights(directory: string): Promise<WeightsInfo> {
  const { files } = await openWeights(directory);
  const numBytes = listEntries(files).reduce((total, { begin, end }) => total + end - begin, 0);
  await closeAll(files);
  return { type: findMainType(files), numFiles: files.length, numBytes };
}

const listEntries = (files: readonly OpenSafetensors[]) =>
  files.flatMap(({ header }) => [...header.entries.values()]);

async function closeAll(files: readonly OpenSafetensors[]): Promise<void> {
  for (const file of files) await file.close();
}

/** Storage type of most bytes. */
function findMainType(files: readonly OpenSafetensors[]): FloatType {
  const bytes = { F32: 0, F16: 0, BF16: 0 };
  for (const { type, begin, end } of listEntries(files)) {
    if (type === "F32" || type === "F16" || type === "BF16") bytes[type] += end - begin;
  }
  const most = Math.max(bytes.F32, bytes.F16, bytes.BF16);
  return bytes.F32 === most ? "F32" : bytes.BF16 === most ? "BF16" : "F16";
}

/** Merges the metadata of all headers. @throws `Error` if the files were not written together. */
function mergeMetadata(files: readonly OpenSafetensors[]): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const { path, header } of files) {
    const saved = header.metadata["saved"];
    if (files[0]!.header.metadata["saved"] !== saved) {
      throw new Error(
        `${path}: saved must be the same as in ${files[0]!.path}, because all weight files must be from one save`,
      );
    }
    Object.assign(metadata, header.metadata);
  }
  return metadata;
}

/** Opens the weight files of a folder and checks them against their index. */
async function openWeights(
  directory: string,
): Promise<{ files: OpenSafetensors[]; source: string }> {
  const indexPath = join(directory, indexName);
  const index = await readJsonIfPresent(indexPath);
  if (!index) {
    const path = join(directory, "model.safetensors");
    await refusePickle(path, ["pytorch_model.bin", "pytorch_model.bin.index.json"]);
    return { files: [await OpenSafetensors.open(path)], source: path };
  }
  const map = weightMap(index, indexPath);
  const files = new Map<string, OpenSafetensors>();
  try {
    for (const name of new Set(Object.values(map))) {
      files.set(name, await OpenSafetensors.open(join(directory, name)));
    }
    for (const [tensor, name] of Object.entries(map)) {
      if (files.get(name)!.header.entries.has(tensor)) continue;
      throw new Error(
        `${indexPath}: weight_map.${tensor} is ${name}, but that file has no such tensor`,
      );
    }
    return { files: [...files.values()], source: indexPath };
  } catch (error) {
    await closeAll([...files.values()]);
    throw error;
  }
}

/** True for a plain file name; a path could point outside the folder. */
const isFileName = (value: unknown): value is string =>
  typeof value === "string" && /^[^/\\]+\.safetensors$/.test(value);

function weightMap(index: JsonObject, indexPath: string): Record<string, string> {
  const map = index["weight_map"];
  if (!isJsonObject(map) || Object.keys(map).length === 0) {
    throw new Error(`${indexPath}: weight_map must name files, got ${JSON.stringify(map)}`);
  }
  return Object.fromEntries(
    Object.entries(map).map(([tensor, file]) => {
      if (isFileName(file)) return [tensor, file];
      throw new Error(
        `${indexPath}: weight_map.${tensor} must be the name of a safetensors file, got ${JSON.stringify(file)}`,
      );
    }),
  );
}

/** Model to write: its values, or a function that reads them one by one. */
export interface CheckpointToWrite {
  readonly config: ModelConfig;
  readonly parameters: Parameters | ReadTensor;
}

/** Options of {@link writeCheckpoint}. */
export interface WriteCheckpointOptions {
  /** Metadata for the headers of the weight files. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Storage type; F16 and BF16 round values. Default F32. */
  readonly type?: FloatType;
  /** Maximum bytes of tensors in one file; a tensor is never split. Default: a single file. */
  readonly maxFileBytes?: number;
  /**
   * Original `config.json` of the model; fields that do not describe the shape are copied from it.
   */
  readonly configJson?: JsonObject | undefined;
}

/**
 * Writes a model as a Hugging Face folder, creating the folder if needed: `config.json`, and
 * `model.safetensors` or several files with an index. Each file is replaced atomically. Files
 * listed by an earlier index that are no longer needed are removed.
 */
export async function writeCheckpoint(
  directory: string,
  { config, parameters }: CheckpointToWrite,
  options: WriteCheckpointOptions = {},
): Promise<void> {
  const layout = { config, model: parameterTable(config) };
  await writeWeights(directory, layout, parameters, options);
}

/** Writes a model with a given layout. See {@link writeCheckpoint}. */
export async function writeWeights(
  directory: string,
  { config, model }: ModelLayout,
  parameters: Parameters | ReadTensor,
  { metadata, type = "F32", maxFileBytes = Infinity, configJson }: WriteCheckpointOptions = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const indexPath = join(directory, indexName);
  const before = (await readJsonIfPresent(indexPath))?.["weight_map"];
  const byteWidth = type === "F32" ? 4 : 2;
  const files = splitTable(model, maxFileBytes / byteWidth);
  const nameOf = (file: number): string =>
    files.length === 1
      ? "model.safetensors"
      : `model-${digits(file + 1)}-of-${digits(files.length)}.safetensors`;
  for (const [file, part] of files.entries()) {
    await writeSafetensors(join(directory, nameOf(file)), tensorsToWrite(part, parameters), {
      metadata: { format: "pt", ...metadata },
      type,
    });
  }
  const written = files.flatMap((part, file) => part.map(({ name }) => [name, nameOf(file)]));
  const stale = new Set(isJsonObject(before) ? Object.values(before).filter(isFileName) : []);
  if (files.length === 1) {
    await rm(indexPath, { force: true });
  } else {
    stale.add("model.safetensors");
    const total = byteWidth * countEntries(model);
    await writeJson(indexPath, {
      metadata: { total_size: total },
      weight_map: Object.fromEntries(written),
    });
  }
  for (const [, file] of written) stale.delete(file!);
  for (const file of stale) await rm(join(directory, file), { force: true });
  const json = modelConfigJson(config, { type, ...(configJson && { original: configJson }) });
  await writeFileAtomically(join(directory, "config.json"), [configText(json)]);
}

const digits = (count: number): string => String(count).padStart(5, "0");

/**
 * Splits a table into parts of at most `maxEntries` entries, in order; a larger tensor gets a part
 * of its own.
 */
function splitTable(table: readonly ParameterSpec[], maxEntries: number): ParameterSpec[][] {
  const parts: ParameterSpec[][] = [];
  let room = 0;
  for (const spec of table) {
    const size = countElements(spec.shape);
    if (parts.length === 0 || size > room) {
      parts.push([]);
      room = maxEntries;
    }
    parts.at(-1)!.push(spec);
    room -= size;
  }
  return parts;
}
