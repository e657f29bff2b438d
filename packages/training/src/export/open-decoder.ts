import { readTokenizer } from "@turnwise/policy";
import { readConfig } from "../reader/read-run.ts";
import type { RunSource } from "../reader/run-source.ts";

/** Text of tokens. */
export type DecodeTokens = (tokens: readonly number[]) => string;

/** Folders within a run that hold its tokenizer once they exist. */
const folders = ["policy", "warm-start"];

/**
 * Opens the tokenizer of a run: its own, or that of the model folder that it began from.
 * @param locate - Path of a folder within the run.
 * @returns `undefined` if there is none yet, or none here.
 */
export async function openDecoder(
  source: RunSource,
  locate: (name: string) => string,
): Promise<DecodeTokens | undefined> {
  for (const folder of folders) {
    if ((await source.read(`${folder}/tokenizer.json`)) === undefined) continue;
    return decodeWith(locate(folder));
  }
  const config = await readConfig(source).catch(() => undefined);
  const model = config?.["model"] as { readonly path?: unknown } | undefined;
  return typeof model?.path === "string" ? decodeWith(model.path) : undefined;
}

async function decodeWith(folder: string): Promise<DecodeTokens | undefined> {
  const tokenizer = await readTokenizer(folder).catch(() => undefined);
  return tokenizer && ((tokens) => tokenizer.decode([...tokens]));
}
