import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readTokenizer, type LoadedTokenizer, type ModelConfig } from "@turnwise/policy";
import {
  createLocalSampler,
  type StandaloneSampler,
  type WeightStorage,
} from "@turnwise/policy/local";
import { Option, type Command } from "commander";
import { InputError, readInput } from "@turnwise/training";
import { readDevice, addDeviceOptions, type DeviceFlags } from "../device.ts";
import { parseCount } from "./arguments.ts";
import { readText } from "./read-text.ts";

/** Options of all commands that run a model. */
export interface PolicySourceOptions extends DeviceFlags {
  readonly adapter?: string;
  readonly weightStorage: WeightStorage;
  readonly threads?: number;
  readonly cacheBytes: number;
}

/** Adds {@link PolicySourceOptions} and the argument of the model to a command. */
export function addPolicyOptions(command: Command): Command {
  return addDeviceOptions(command)
    .argument("<model>", "Hugging Face folder: config.json, *.safetensors, tokenizer.json")
    .option("--adapter <folder>", "PEFT folder with a LoRA adapter, merged into the weights")
    .addOption(createStorageOption())
    .addOption(
      new Option("--threads <number>", "CPU threads (default: all cores)").argParser(parseCount),
    )
    .addOption(
      new Option("--cache-bytes <number>", "maximum size of the KV cache, bytes")
        .argParser(parseCount)
        .default(2 ** 30),
    );
}

/** Creates the option for the storage of a model's weights. */
export function createStorageOption(): Option {
  return new Option(
    "--weight-storage <kind>",
    "storage of the weights: float32 (in memory), stored (memory-mapped, upcast on use), or auto (stored for 16-bit weights that would take half of the memory as float32)",
  )
    .choices(["auto", "float32", "stored"])
    .default("auto");
}

/** Reads the tokenizer of a folder; `undefined` if it has none. */
export async function readModelTokenizer(model: string): Promise<LoadedTokenizer | undefined> {
  const path = join(model, "tokenizer.json");
  const isThere = await readFile(path).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return false;
      throw new InputError(`${path}: file cannot be read: ${cause.message}`, { cause });
    },
  );
  return isThere ? readInput(() => readTokenizer(model)) : undefined;
}

/** Starts a sampler for sequences of at most `maxSequenceTokens` tokens. */
export function openSampler(
  model: string,
  { adapter, weightStorage, threads, cacheBytes, ...device }: PolicySourceOptions,
  maxSequenceTokens: number,
  tokenizer: LoadedTokenizer | undefined,
): Promise<StandaloneSampler> {
  return readInput(() =>
    createLocalSampler({
      model,
      maxSequenceTokens,
      cacheBytes,
      weightStorage,
      device: readDevice(device, "policy"),
      ...(adapter === undefined ? {} : { adapter }),
      ...(threads === undefined ? {} : { threads }),
      ...(tokenizer && { tokenizer }),
    }),
  );
}

/** Rows of token ids, with the name of their source, which messages quote. */
export interface TokenRows {
  readonly source: string;
  readonly rows: readonly (readonly number[])[];
}

/**
 * Reads rows of token ids: a JSON list of lists, a single list (one row), an object whose
 * `input_ids` is such a list, or one list per line.
 * @param path - `-` reads standard input.
 * @throws {@link InputError} naming the file and the position.
 */
export async function readTokenRows(path: string): Promise<TokenRows> {
  const source = path === "-" ? "standard input" : path;
  const text = await readText(path);
  const value = parseRows(text, source);
  if (value.length === 0)
    throw new InputError(`${source}: must contain a row of token ids, got none`);
  const rows = value.map((row, index) => checkRow(row, `${source}: row ${index}`));
  return { source, rows };
}

function parseRows(text: string, source: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const lines = text.split(/\r?\n/u).filter((line) => line.trim() !== "");
    try {
      return lines.map((line): unknown => JSON.parse(line));
    } catch {
      const shown = JSON.stringify(text.slice(0, 60));
      throw new InputError(`${source}: not valid JSON rows of token ids: ${shown}`, {
        cause,
      });
    }
  }
  const ids =
    typeof value === "object" && value !== null && "input_ids" in value ? value.input_ids : value;
  if (!Array.isArray(ids)) {
    throw new InputError(`${source}: must contain a list of rows, got ${typeof ids}`);
  }
  const isOneRow = ids.length > 0 && ids.every((entry) => typeof entry === "number");
  return isOneRow ? [ids] : ids;
}

function checkRow(row: unknown, location: string): number[] {
  if (!Array.isArray(row)) {
    throw new InputError(`${location} must be a list of token ids, got ${JSON.stringify(row)}`);
  }
  return row.map((entry: unknown, index) => {
    if (typeof entry === "number" && Number.isSafeInteger(entry) && entry >= 0) return entry;
    throw new InputError(
      `${location}[${index}] must be a token id, a whole number >= 0, got ${JSON.stringify(entry)}`,
    );
  });
}

/**
 * Checks, before a model is loaded, that it can read the rows.
 * @param numMore - Number of tokens to sample after each row.
 * @throws {@link InputError} naming the row, the rule and the value.
 */
export function checkTokenRows(
  { source, rows }: TokenRows,
  { vocabularySize, maxSequenceTokens }: ModelConfig,
  numMore = 0,
): void {
  rows.forEach((row, index) => {
    const location = rows.length === 1 ? source : `${source}: row ${index}`;
    if (row.length === 0) throw new InputError(`${location} must not be empty, got no tokens`);
    const outside = row.findIndex((token) => token >= vocabularySize);
    if (outside >= 0) {
      throw new InputError(
        `${location}: token ${outside} must be in the model's vocabulary, [0, ${vocabularySize - 1}], got ${row[outside]}`,
      );
    }
    if (row.length + numMore <= maxSequenceTokens) return;
    throw new InputError(
      numMore === 0
        ? `${location} must have at most the ${maxSequenceTokens} tokens of the model's context, got ${row.length}`
        : `${location} must leave room for ${numMore} more tokens in the model's context of ${maxSequenceTokens}, got ${row.length} tokens`,
    );
  });
}
