import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "./atomic-file.ts";
import { isMissingFile } from "./json-file.ts";

/** Optional files of a model's folder that belong to the model or to the tokenizer. */
const namesOf: Readonly<Record<"model" | "tokenizer", readonly string[]>> = {
  model: ["generation_config.json"],
  tokenizer: [
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
  ],
};

/** Files to copy unchanged, by name. */
export type CompanionFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Reads a folder's files that are not weights, not the config, and not read by `readTokenizer`.
 * @param parts - Owners of the files to read.
 */
export async function readCompanionFiles(
  directory: string,
  parts: readonly ("model" | "tokenizer")[],
): Promise<CompanionFiles> {
  const files = new Map<string, Uint8Array>();
  for (const name of parts.flatMap((part) => namesOf[part])) {
    try {
      files.set(name, await readFile(join(directory, name)));
    } catch (error) {
      if (!isMissingFile(error)) throw error;
    }
  }
  return files;
}

/** Writes the files to a folder, creating it if needed, each atomically. */
export async function writeCompanionFiles(directory: string, files: CompanionFiles): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, bytes] of files) await writeFileAtomically(join(directory, name), [bytes]);
}
