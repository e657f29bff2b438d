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
import { deviceOf, withDevice, type DeviceFlags } from "../device.ts";
import { positiveNumber } from "./arguments.ts";
import { readText } from "./read-text.ts";

/** Options of all commands that compute with a model. */
export interface PolicySourceOptions extends DeviceFlags {
  readonly adapter?: string;
  readonly weightStorage: WeightStorage;
  readonly threads?: number;
  readonly cacheBytes: number;
}

/** Adds {@link PolicySourceOptions} and the model to a command. */
export function withPolicySource(command: Command): Command {
  return withDevice(command)
    .argument("<model>", "a Hugging Face folder: config.json, *.safetensors, tokenizer.json")
    .option("--adapter <folder>", "a PEFT folder with a LoRA adapter, put into the weights")
    .addOption(weightStorageOption())
    .addOption(new Option("--threads <number>", "default: all cores").argParser(positiveNumber))
    .addOption(
      new Option("--cache-bytes <number>", "the most bytes of keys and values")
        .argParser(positiveNumber)
        .default(2 ** 30),
    );
}

/** Where a model's weights are. */
export function weightStorageOption(): Option {
  return new Option(
    "--weight-storage <kind>",
    "float32: in memory; stored: in their file, widened when they are used; auto: stored if they have 16 bits and would take half of the memory",
  )
    .choices(["auto", "float32", "stored"])
    .default("auto");
}

/** Reads a folder's tokenizer, where it has one. */
export async function tokenizerOf(model: string): Promise<LoadedTokenizer | undefined> {
  const path = join(model, "tokenizer.json");
  const isThere = await readFile(path).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return false;
      throw new InputError(`${path}: file must be readable, got ${cause.message}`, { cause });
    },
  );
  return isThere ? readInput(() => readTokenizer(model)) : undefined;
}

/** Starts a sampler for sequences of at most so many tokens. */
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
      device: deviceOf(device, "policy"),
      ...(adapter === undefined ? {} : { adapter }),
      ...(threads === undefined ? {} : { threads }),
      ...(tokenizer && { tokenizer }),
    }),
  );
}

/** Rows of token ids, and what messages call them. */
export interface TokenRows {
  readonly source: string;
  readonly rows: readonly (readonly number[])[];
}

/**
 * Reads rows of token ids: a JSON list of lists, one list (a single row), an object with such under
 * `input_ids`, or one list a line.
 * @param path - `-` reads standard input.
 * @throws {@link InputError} naming the file and the place.
 */
export async function readTokenRows(path: string): Promise<TokenRows> {
  const source = path === "-" ? "standard input" : path;
  const text = await readText(path);
  const value = parseRows(text, source);
  if (value.length === 0) throw new InputError(`${source}: must hold a row of token ids, got none`);
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
      throw new InputError(`${source}: file must hold JSON rows of token ids, got ${shown}`, {
        cause,
      });
    }
  }
  const ids =
    typeof value === "object" && value !== null && "input_ids" in value ? value.input_ids : value;
  if (!Array.isArray(ids)) {
    throw new InputError(`${source}: file must hold a list of rows, got ${typeof ids}`);
  }
  const isOneRow = ids.length > 0 && ids.every((entry) => typeof entry === "number");
  return isOneRow ? [ids] : ids;
}

function checkRow(row: unknown, place: string): number[] {
  if (!Array.isArray(row)) {
    throw new InputError(`${place} must be a list of token ids, got ${JSON.stringify(row)}`);
  }
  return row.map((entry: unknown, index) => {
    if (typeof entry === "number" && Number.isSafeInteger(entry) && entry >= 0) return entry;
    throw new InputError(
      `${place}[${index}] must be a token id, a whole number >= 0, got ${JSON.stringify(entry)}`,
    );
  });
}

/**
 * Requires rows that a model can read, before it is loaded.
 * @param numMore - How many tokens are to follow each row.
 * @throws {@link InputError} naming the row, the rule and the value.
 */
export function checkTokenRows(
  { source, rows }: TokenRows,
  { vocabularySize, maxSequenceTokens }: ModelConfig,
  numMore = 0,
): void {
  rows.forEach((row, index) => {
    const place = rows.length === 1 ? source : `${source}: row ${index}`;
    if (row.length === 0) throw new InputError(`${place} must not be empty, got no tokens`);
    const outside = row.findIndex((token) => token >= vocabularySize);
    if (outside >= 0) {
      throw new InputError(
        `${place}: token ${outside} must be in the model's vocabulary, [0, ${vocabularySize - 1}], got ${row[outside]}`,
      );
    }
    if (row.length + numMore <= maxSequenceTokens) return;
    throw new InputError(
      numMore === 0
        ? `${place} must have at most the ${maxSequenceTokens} tokens of the model's context, got ${row.length}`
        : `${place} must leave room for ${numMore} more tokens in the model's context of ${maxSequenceTokens}, got ${row.length} tokens`,
    );
  });
}
