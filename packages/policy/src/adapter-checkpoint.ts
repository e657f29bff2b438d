import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject, readJson, writeJson } from "./json-file.ts";
import {
  adapterConfig,
  adapterTable,
  allLinearModules,
  type Adapter,
  type AdapterConfig,
} from "./lora.ts";
import type { ModelConfig } from "./model-config.ts";
import { OpenSafetensors, writeSafetensors } from "./safetensors.ts";
import { readParameters, storedTensors } from "./stored-parameters.ts";

/** What stands before a parameter's name in an adapter's file. */
const prefix = "base_model.model.";

/** Fields of `adapter_config.json` that are read below. */
const readFields = new Set([
  "peft_type",
  "r",
  "lora_alpha",
  "lora_dropout",
  "use_rslora",
  "target_modules",
  "modules_to_save",
  "bias",
  "init_lora_weights",
]);

/** Fields that say nothing about the computation, or only what a switched-off method would do. */
const harmlessFields = new Set([
  "auto_mapping",
  "base_model_name_or_path",
  "inference_mode",
  "megatron_core",
  "peft_version",
  "qalora_group_size",
  "revision",
  "task_type",
]);

const isOff = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === false ||
  (typeof value === "object" && Object.keys(value).length === 0);

/**
 * Reads the parsed content of a PEFT `adapter_config.json`.
 * @param model - The model that the adapter must fit.
 * @param source - What messages call it, usually the file's path.
 * @throws `RangeError` naming source, field and value for another method than LoRA, for variants that
 *   are not computed (DoRA, dropout, trained biases, patterns of ranks, ...), for fields that are
 *   neither known nor switched off, and for layers that the model does not have.
 */
export function parseAdapterConfig(
  json: unknown,
  model: ModelConfig,
  source = "adapter_config.json",
): AdapterConfig {
  if (!isJsonObject(json)) throw new TypeError(`${source}: must be a JSON object`);
  const fail = (field: string, rule: string): never => {
    throw new RangeError(`${source}: ${field} must ${rule}, got ${JSON.stringify(json[field])}`);
  };
  if (json["peft_type"] !== "LORA") fail("peft_type", 'be "LORA"');
  if ((json["bias"] ?? "none") !== "none") fail("bias", 'be "none"');
  // Others start from matrices that were taken out of the base, which is then not the one at hand.
  const initial = json["init_lora_weights"] ?? true;
  if (typeof initial !== "boolean" && initial !== "gaussian") {
    fail("init_lora_weights", 'be true, false or "gaussian"');
  }
  if ((json["lora_dropout"] ?? 0) !== 0) fail("lora_dropout", "be 0");
  for (const [field, value] of Object.entries(json)) {
    if (readFields.has(field) || harmlessFields.has(field) || isOff(value)) continue;
    fail(field, "be absent, since it is not computed here");
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
      targetModules:
        json["target_modules"] === "all-linear"
          ? allLinearModules
          : (names(json["target_modules"]) ??
            fail("target_modules", 'be a list of names, or "all-linear"')),
      modulesToSave:
        names(json["modules_to_save"] ?? []) ?? fail("modules_to_save", "be a list of names"),
    },
    source,
  );
}

function names(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((name) => typeof name === "string") ? value : undefined;
}

/** An adapter's config as PEFT's `adapter_config.json`; {@link parseAdapterConfig} reads it back. */
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
): Promise<AdapterConfig> {
  const path = join(directory, "adapter_config.json");
  return parseAdapterConfig(await readJson(path), model, path);
}

/** An adapter that was read, with the text pairs of its file's header. */
export interface StoredAdapter extends Adapter {
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads an adapter from a PEFT folder: `adapter_config.json` and `adapter_model.safetensors`.
 * @param model - The model that it must fit.
 * @param expected - What the weights must fit; default `adapter_config.json`.
 * @throws `Error` naming file, tensor, expected and found shape for an adapter of another model.
 */
export async function readAdapter(
  directory: string,
  model: ModelConfig,
  expected?: AdapterConfig,
): Promise<StoredAdapter> {
  const config = expected ?? (await readAdapterConfig(directory, model));
  const path = join(directory, "adapter_model.safetensors");
  const file = await OpenSafetensors.open(path);
  try {
    const parameters = await readParameters(adapterTable(model, config), [file], path, { prefix });
    return { config, parameters, metadata: file.header.metadata };
  } finally {
    await file.close();
  }
}

/** Options of {@link writeAdapter}. */
export interface WriteAdapterOptions {
  /** Name or path of the model that the adapter belongs to, for `base_model_name_or_path`. */
  readonly baseModel?: string;
  /** Text pairs for the header of `adapter_model.safetensors`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes an adapter as a PEFT folder, which is made where it is missing. Each file is replaced
 * atomically.
 */
export async function writeAdapter(
  directory: string,
  model: ModelConfig,
  { config, parameters }: Adapter,
  { baseModel, metadata = {} }: WriteAdapterOptions = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const tensors = storedTensors(adapterTable(model, config), parameters, prefix);
  const path = join(directory, "adapter_model.safetensors");
  await writeSafetensors(path, tensors, { metadata: { format: "pt", ...metadata } });
  await writeJson(join(directory, "adapter_config.json"), adapterConfigJson(config, baseModel));
}
