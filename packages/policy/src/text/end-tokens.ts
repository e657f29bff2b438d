import { join } from "node:path";
import type { RenderChat } from "./chat-template.ts";
import { isJsonObject, readJsonIfPresent, type JsonObject } from "../files/json-file.ts";
import { specialTokenText } from "./special-tokens.ts";
import type { TokenizerFiles } from "./tokenizer.ts";

/** Tokens that end a response. */
export interface EndTokens {
  /** The token that a response is trained to end with: `eos_token`, or the first of `all` without one. */
  readonly first: number;
  /** Union of all sources, `first` included. */
  readonly all: readonly number[];
  /** Token that the chat template puts after an answer; absent without a template, or such a token. */
  readonly ofTurn?: number;
}

/** Parts of a tokenizer that say how a response ends. */
export interface EndTokenSources {
  readonly files: TokenizerFiles;
  readonly vocabularySize: number;
  readonly tokenId: (text: string) => number | undefined;
  readonly renderChat: RenderChat;
}

/**
 * Finds the tokens that end a response: the union of the tokenizer's `eos_token`, `eos_token_id` of
 * `generation_config.json`, and the token that the chat template puts after an answer. Models stop at any
 * of them. Ids beyond the vocabulary are left out.
 *
 * @param endText - Text of the end token; default `eos_token` of `tokenizer_config.json`.
 * @throws `RangeError` if there is none, the vocabulary does not have it, or an id is no whole number.
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
  const generated = generationEndTokens(files.generationConfig, vocabularySize);
  const ofTurn = turnEndToken(files.tokenizer, renderChat);
  const all = [named, ...generated, ofTurn].filter((id) => id !== undefined);
  const [first] = all;
  if (first === undefined) {
    throw new RangeError(
      "createTokenizer: endToken must be given where eos_token is not, got none",
    );
  }
  return { first, all: [...new Set(all)], ...(ofTurn !== undefined && { ofTurn }) };
}

/**
 * Reads the `generation_config.json` of a folder. As in transformers, the `eos_token_id` of `config.json`
 * stands in for a missing file.
 */
export async function readGenerationConfig(directory: string): Promise<JsonObject | undefined> {
  const generation = await readJsonIfPresent(join(directory, "generation_config.json"));
  if (generation) return generation;
  const config = (await readJsonIfPresent(join(directory, "config.json"))) ?? {};
  const end = config["eos_token_id"] ?? undefined;
  return end === undefined ? undefined : { eos_token_id: end };
}

/**
 * Reads the end tokens of a folder that has no tokenizer: those of its generation config.
 * @throws `RangeError` for ids that are no whole numbers.
 */
export async function readGenerationEndTokens(
  directory: string,
  vocabularySize: number,
): Promise<number[]> {
  return generationEndTokens(await readGenerationConfig(directory), vocabularySize);
}

/** `eos_token_id` is an id, or a list of them. */
function generationEndTokens(
  generationConfig: JsonObject | undefined,
  vocabularySize: number,
): number[] {
  const given = generationConfig?.["eos_token_id"] ?? [];
  return (Array.isArray(given) ? given : [given]).flatMap((id: unknown) => {
    // Some configs say -1 for none.
    if (id === -1) return [];
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0) {
      throw new RangeError(
        `generation_config.json: eos_token_id must be a whole number >= 0 or a list of them, got ${JSON.stringify(given)}`,
      );
    }
    return id < vocabularySize ? [id] : [];
  });
}

/** Text that no template has of its own. */
const probe = "turnwise-answer-probe";

/** The added token that follows an answer in the chat template, white space left out. */
function turnEndToken(tokenizer: JsonObject, renderChat: RenderChat): number | undefined {
  let text: string;
  try {
    text = renderChat([
      { role: "user", content: "question" },
      { role: "assistant", content: probe },
    ]);
  } catch {
    // No template, or one that takes other messages; rendering a real conversation reports the error.
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
