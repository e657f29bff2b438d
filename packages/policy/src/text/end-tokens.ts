import { join } from "node:path";
import type { RenderChat } from "./chat-template.ts";
import { isJsonObject, readJsonIfPresent, type JsonObject } from "../files/json-file.ts";
import { specialTokenText } from "./special-tokens.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

/** Tokens that end a response. */
export interface EndTokens {
  /**
   * Token that ends a response in the model's training data: `eos_token`, or else the first entry
   * of `all`.
   */
  readonly first: number;
  /** All tokens that end a response, from all sources, including `first`. */
  readonly all: readonly number[];
  /** Token that the chat template adds after an answer; absent if there is none. */
  readonly ofTurn?: number;
}

/** Parts of a tokenizer that define end tokens. */
export interface EndTokenSources {
  readonly files: TokenizerFiles;
  readonly vocabularySize: number;
  readonly tokenId: (text: string) => number | undefined;
  readonly renderChat: RenderChat;
}

/**
 * Finds the tokens that end a response: the union of the tokenizer's `eos_token`, `eos_token_id` of
 * `generation_config.json`, and the token that the chat template adds after an answer. Sampling
 * stops at any of them. Ids outside the vocabulary are ignored.
 *
 * @param endText - Text of the end token. Default: `eos_token` of `tokenizer_config.json`.
 * @throws `RangeError` if there is no end token, it is not in the vocabulary, or an id is not a
 *   whole number.
 */
export function findEndTokens(
  { files, vocabularySize, tokenId, renderChat }: EndTokenSources,
  endText: string | undefined = specialTokenText(files.config, "eos_token"),
): EndTokens {
  const named = endText === undefined ? undefined : tokenId(endText);
  if (endText !== undefined && named === undefined) {
    throw new RangeError(
      `createTokenizer: endToken must be in the vocabulary, got ${JSON.stringify(endText)}`,
    );
  }
  const generated = parseEndTokens(files.generationConfig, vocabularySize);
  const ofTurn = turnEndToken(files.tokenizer, renderChat);
  const all = [named, ...generated, ofTurn].filter((id) => id !== undefined);
  const [first] = all;
  if (first === undefined) {
    throw new RangeError(
      "createTokenizer: endToken must be given if the files define no eos_token, got none",
    );
  }
  return { first, all: [...new Set(all)], ...(ofTurn !== undefined && { ofTurn }) };
}

/**
 * Reads the `generation_config.json` of a folder. If it is missing, `eos_token_id` of `config.json`
 * is used, as in transformers.
 */
export async function readGenerationConfig(directory: string): Promise<JsonObject | undefined> {
  const generation = await readJsonIfPresent(join(directory, "generation_config.json"));
  if (generation) return generation;
  const config = (await readJsonIfPresent(join(directory, "config.json"))) ?? {};
  const end = config["eos_token_id"] ?? undefined;
  return end === undefined ? undefined : { eos_token_id: end };
}

/**
 * Reads the end tokens of a folder without a tokenizer from its generation config.
 * @throws `RangeError` for ids that are not whole numbers.
 */
export async function readGenerationEndTokens(
  directory: string,
  vocabularySize: number,
): Promise<number[]> {
  return parseEndTokens(await readGenerationConfig(directory), vocabularySize);
}

/** Parses `eos_token_id`, which is an id or a list of ids. */
function parseEndTokens(
  generationConfig: JsonObject | undefined,
  vocabularySize: number,
): number[] {
  const given = generationConfig?.["eos_token_id"] ?? [];
  return (Array.isArray(given) ? given : [given]).flatMap((id: unknown) => {
    // Some configs use -1 to mean no token.
    if (id === -1) return [];
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0) {
      throw new RangeError(
        `generation_config.json: eos_token_id must be a whole number >= 0 or a list of them, got ${JSON.stringify(given)}`,
      );
    }
    return id < vocabularySize ? [id] : [];
  });
}

/** Text that no template contains. */
const probe = "turnwise-answer-probe";

/** Finds the added token that follows an answer in the chat template, ignoring white space. */
function turnEndToken(tokenizer: JsonObject, renderChat: RenderChat): number | undefined {
  let text: string;
  try {
    text = renderChat([
      { role: "user", content: "question" },
      { role: "assistant", content: probe },
    ]);
  } catch {
    // There is no template, or it expects other messages; rendering an actual conversation reports
    // the error.
    return undefined;
  }
  const place = text.lastIndexOf(probe);
  if (place < 0) return undefined;
  const rest = text.slice(place + probe.length).trimStart();
  const added = Array.isArray(tokenizer["added_tokens"]) ? tokenizer["added_tokens"] : [];
  let found: { readonly id: number; readonly length: number } | undefined;
  for (const token of added.filter(isJsonObject)) {
    const { content, id } = token;
    if (typeof content !== "string" || typeof id !== "number" || content === "") continue;
    if (!rest.startsWith(content) || content.length <= (found?.length ?? 0)) continue;
    found = { id, length: content.length };
  }
  return found?.id;
}
