import { readTokenizer } from "@turnwise/policy";
import { readConfig } from "../reader/read-run.ts";
import type { RunSource } from "../reader/run-source.ts";

/** Decodes tokens to text. */
export type DecodeTokens = (tokens: readonly number[]) => string;

/** Folders of a run that may contain its tokenizer. */
const folders = ["policy", "warm-start"];

/**
 * Opens the tokenizer of a run, or, if it has none, the tokenizer of the model folder from which
 * the run started.
 * @param locate - Returns the path of a folder within the run.
 * @returns `undefined` if the run has no tokenizer yet, or its model folder is not on this machine.
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
