import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "./atomic-file.ts";
import { isMissingFile } from "./json-file.ts";

/** Optional files in a model's folder, by whether they belong to the model or the tokenizer. */
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

/** Content of files to copy unchanged, by name. */
export type CompanionFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Reads the companion files of a folder: all except weights, the config, and the files that
 * `readTokenizer` reads.
 * @param parts - Whether to read the model's files, the tokenizer's files, or both.
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

/**
 * Writes companion files to a folder, which is created if needed; each file is written atomically.
 */
export async function writeCompanionFiles(directory: string, files: CompanionFiles): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, bytes] of files) await writeFileAtomically(join(directory, name), [bytes]);
}
