import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { refusePickle } from "../files/refuse-pickle.ts";
import {
  isJsonObject,
  isSwitchedOff,
  readJson,
  writeJson,
  type JsonObject,
} from "../files/json-file.ts";
import {
  adaptedModules,
  adapterConfig,
  adapterLayout,
  allLinearModules,
  hasModuleName,
  type Adapter,
  type AdapterConfig,
  type AdapterLayout,
} from "../model/lora.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { parameterTable } from "../model/parameter-table.ts";
import { OpenSafetensors, writeSafetensors } from "../files/safetensors.ts";
import type { Parameters } from "../model/shape/parameters.ts";
import { readParameters, tensorsToWrite, type ReadTensor } from "./stored-parameters.ts";

/** Prefix of parameter names in an adapter file. */
const prefix = "base_model.model.";

/** Fields of `adapter_config.json` that are parsed below. */
const readFields = new Set([
  "peft_type",
  "r",
  "lora_alpha",
  "lora_dropout",
  "use_rslora",
  "target_modules",
  "exclude_modules",
  "layers_to_transform",
  "layers_pattern",
  "modules_to_save",
  "bias",
  "init_lora_weights",
]);

/**
 * Fields that have no effect on the forward pass: initialization, and settings of methods that are
 * disabled.
 */
const harmlessFields = new Set([
  "auto_mapping",
  "base_model_name_or_path",
  "corda_config",
  "eva_config",
  "inference_mode",
  "loftq_config",
  "megatron_core",
  "peft_version",
  "qalora_group_size",
  "revision",
  "task_type",
]);

/**
 * Values of `init_lora_weights` that leave the base weights unchanged; all other values modify
 * them.
 */
const harmlessInitializations: ReadonlySet<unknown> = new Set([
  true,
  false,
  "gaussian",
  "eva",
  "orthogonal",
]);

/**
 * Purpose for which an adapter is read. Dropout is ignored for `inference`; for `training` it is an
 * error.
 */
export type AdapterPurpose = "inference" | "training";

/**
 * Parses the content of a PEFT `adapter_config.json`.
 * @param model - Model that the adapter must fit.
 * @param source - Name for messages, usually the path of the file.
 * @throws `RangeError` naming source, field and value for methods other than LoRA; for unsupported
 *   variants (DoRA, trained biases, rank patterns, dropout in training, ...); for initializations
 *   that change the base model; for unknown fields that are not null, false or empty; and for
 *   layers that the model does not have.
 */
export function parseAdapterConfig(
  json: unknown,
  model: ModelConfig,
  source = "adapter_config.json",
  purpose: AdapterPurpose = "inference",
): AdapterConfig {
  if (!isJsonObject(json)) throw new TypeError(`${source}: must be a JSON object`);
  const fail = (field: string, rule: string): never => {
    throw new RangeError(`${source}: ${field} must ${rule}, got ${JSON.stringify(json[field])}`);
  };
  if (json["peft_type"] !== "LORA") fail("peft_type", 'be "LORA"');
  if ((json["bias"] ?? "none") !== "none") fail("bias", 'be "none"');
  // All other initializations subtract the adapter from the base weights, so they need the modified
  // base model.
  if (!harmlessInitializations.has(json["init_lora_weights"] ?? true)) {
    fail(
      "init_lora_weights",
      `be ${[...harmlessInitializations].map((each) => JSON.stringify(each)).join(", ")}, because other initializations change the base model`,
    );
  }
  const dropout = json["lora_dropout"] ?? 0;
  if (typeof dropout !== "number" || !(dropout >= 0 && dropout <= 1)) {
    fail("lora_dropout", "be a number in [0, 1]");
  }
  if (purpose === "training" && dropout !== 0) {
    fail("lora_dropout", "be 0 to train the adapter, because dropout is not supported");
  }
  for (const [field, value] of Object.entries(json)) {
    if (readFields.has(field) || harmlessFields.has(field) || isSwitchedOff(value)) continue;
    fail(field, "be absent, because it is not supported");
  }
  const number = (field: string): number => {
    const value = json[field];
    return typeof value === "number" ? value : fail(field, "be a number");
  };
  return adapterConfig(
    model,
    {
      rank: number("r"),
      alpha: number("lora_alpha"),
      scaling: json["use_rslora"] === true ? "root-rank" : "rank",
      targetModules: readTargets(json, model, fail),
      modulesToSave:
        names(json["modules_to_save"] ?? []) ?? fail("modules_to_save", "be a list of names"),
    },
    source,
  );
}

/**
 * Reads the layers that an adapter targets: names as given, or one entry per layer if a pattern, an
 * exclusion or `layers_to_transform` selects them.
 */
function readTargets(
  json: JsonObject,
  model: ModelConfig,
  fail: (field: string, rule: string) => never,
): readonly string[] {
  const all = adaptedModules(parameterTable(model), { targetModules: allLinearModules });
  /**
   * Returns a predicate for layers that are named in a list, or whose full name matches a pattern.
   */
  const matcher = (field: string): ((module: string) => boolean) => {
    const value = json[field];
    const list = names(value);
    if (list) return (module) => hasModuleName(module, list);
    if (typeof value !== "string") return fail(field, "be a list of names or a pattern");
    try {
      const pattern = new RegExp(`^(?:${value})$`);
      return (module) => pattern.test(module);
    } catch {
      return fail(field, "be a regular expression");
    }
  };
  if ((json["layers_pattern"] ?? "layers") !== "layers") fail("layers_pattern", 'be "layers"');
  const targets = json["target_modules"];
  const given = targets === "all-linear" ? allLinearModules : names(targets);
  const layers = isSwitchedOff(json["layers_to_transform"])
    ? undefined
    : [json["layers_to_transform"]].flat();
  if (layers?.some((layer) => !Number.isSafeInteger(layer))) {
    fail("layers_to_transform", "be whole numbers");
  }
  const hasExclusions = !isSwitchedOff(json["exclude_modules"]);
  if (given && !layers && !hasExclusions) return given;
  const isTarget = given
    ? (module: string) => hasModuleName(module, given)
    : matcher("target_modules");
  const isExcluded = hasExclusions ? matcher("exclude_modules") : () => false;
  const picked = all.flatMap(({ module }) => {
    const layer = Number(/\.layers\.(\d+)\./.exec(module)?.[1]);
    const isLayer = layers === undefined || layers.includes(layer);
    return isTarget(module) && isLayer && !isExcluded(module) ? [module] : [];
  });
  return picked.length > 0 ? picked : fail("target_modules", "match a linear layer of the model");
}

function names(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((name) => typeof name === "string") ? value : undefined;
}

/**
 * Converts an adapter's config to PEFT's `adapter_config.json`, the inverse of
 * {@link parseAdapterConfig}.
 */
export function adapterConfigJson(
  { rank, alpha, scaling, targetModules, modulesToSave }: AdapterConfig,
  baseModel?: string,
): Record<string, unknown> {
  return {
    base_model_name_or_path: baseModel ?? null,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: alpha,
    lora_dropout: 0,
    modules_to_save: modulesToSave.length > 0 ? modulesToSave : null,
    peft_type: "LORA",
    r: rank,
    target_modules: targetModules,
    task_type: "CAUSAL_LM",
    use_dora: false,
    use_rslora: scaling === "root-rank",
  };
}

/** Reads and checks the `adapter_config.json` of a PEFT folder. */
export async function readAdapterConfig(
  directory: string,
  model: ModelConfig,
  purpose: AdapterPurpose = "inference",
): Promise<AdapterConfig> {
  const path = join(directory, "adapter_config.json");
  return parseAdapterConfig(await readJson(path), model, path, purpose);
}

/** Adapter read from a folder, with the metadata of its weight file. */
export interface StoredAdapter extends Adapter {
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads an adapter from a PEFT folder: `adapter_config.json` and `adapter_model.safetensors`.
 * @param model - Model that the adapter must fit.
 * @param expected - Expected config. Default: the folder's `adapter_config.json`.
 * @throws `Error` naming file, tensor, expected and found shape if the adapter belongs to another
 *   model.
 */
export async function readAdapter(
  directory: string,
  model: ModelConfig,
  expected?: AdapterConfig,
): Promise<StoredAdapter> {
  const config = expected ?? (await readAdapterConfig(directory, model));
  return readAdapterWeights(directory, adapterLayout(parameterTable(model), config));
}

/** Reads only the weights of an adapter with a given layout. See {@link readAdapter}. */
export async function readAdapterWeights(
  directory: string,
  { config, parameters: specs }: AdapterLayout,
): Promise<StoredAdapter> {
  const path = join(directory, "adapter_model.safetensors");
  await refusePickle(path, ["adapter_model.bin", "adapter_model.pt"]);
  const file = await OpenSafetensors.open(path);
  try {
    const parameters = await readParameters(specs, [file], path, { prefix });
    return { config, parameters, metadata: file.header.metadata };
  } finally {
    await file.close();
  }
}

/** Adapter to write: its values, or a function that reads them one by one. */
export interface AdapterToWrite {
  readonly config: AdapterConfig;
  readonly parameters: Parameters | ReadTensor;
}

/** Options of {@link writeAdapter}. */
export interface WriteAdapterOptions {
  /** Name or path of the base model, for `base_model_name_or_path`. */
  readonly baseModel?: string;
  /** Metadata for the header of `adapter_model.safetensors`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes an adapter as a PEFT folder, creating the folder if needed. Each file is replaced
 * atomically.
 */
export async function writeAdapter(
  directory: string,
  model: ModelConfig,
  { config, parameters }: AdapterToWrite,
  options: WriteAdapterOptions = {},
): Promise<void> {
  const layout = adapterLayout(parameterTable(model), config);
  await writeAdapterWeights(directory, layout, parameters, options);
}

/** Writes an adapter with a given layout. See {@link writeAdapter}. */
export async function writeAdapterWeights(
  directory: string,
  { config, parameters: specs }: AdapterLayout,
  parameters: Parameters | ReadTensor,
  { baseModel, metadata = {} }: WriteAdapterOptions = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const tensors = tensorsToWrite(specs, parameters, prefix);
  const path = join(directory, "adapter_model.safetensors");
  await writeSafetensors(path, tensors, { metadata: { format: "pt", ...metadata } });
  await writeJson(join(directory, "adapter_config.json"), adapterConfigJson(config, baseModel));
}
