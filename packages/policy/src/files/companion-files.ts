import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "./atomic-file.ts";
import { isMissingFile } from "./json-file.ts";

/** Files of a model's folder that say how to use it, by what they belong to. */
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

/** Files that are carried along as they are, by name. */
export type CompanionFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Reads the files that lie beside a model and are neither its weights, nor its config, nor what
 * `readTokenizer` reads.
 * @param parts - Whose files.
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

/** Writes them into a folder, which is made where it is missing, each atomically. */
export async function writeCompanionFiles(directory: string, files: CompanionFiles): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, bytes] of files) await writeFileAtomically(join(directory, name), [bytes]);
}
