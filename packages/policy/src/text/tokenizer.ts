import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { decodeText, type Tokenizer } from "@turnwise/core";
import { writeFileAtomically } from "../files/atomic-file.ts";
import { findBeginTokens } from "./begin-tokens.ts";
import {
  createChatRenderer,
  type ChatMessage,
  type RenderChat,
  type RenderOptions,
} from "./chat-template.ts";
import { findEndTokens, readGenerationConfig } from "./end-tokens.ts";
import {
  isJsonObject,
  isMissingFile,
  readJson,
  readJsonIfPresent,
  writeJson,
  type JsonObject,
} from "../files/json-file.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

/** Tokenizer that can be written to a folder. */
export interface LoadedTokenizer extends Tokenizer {
  readonly files: TokenizerFiles;
  /**
   * All tokens that end a response: end tokens named in the files, and the chat template's end of
   * turn.
   */
  readonly endTokens: readonly number[];
  /** Token that the chat template adds after an answer; absent if there is none. */
  readonly turnEndToken?: number;
  /** Tokens that the tokenizer adds at the start of a sequence (BOS); often none. */
  readonly beginTokens: readonly number[];
  /** Encodes the start of a sequence; adds `beginTokens` unless the text already contains them. */
  encodePrompt(text: string): number[];
  /** Returns the id of a token given its text; `undefined` for an unknown token. */
  tokenId(text: string): number | undefined;
  /**
   * Renders a conversation with the chat template of the files.
   * @throws `RangeError` if there is no template; `Error` with the template's own message if the
   *   template rejects the messages.
   */
  readonly renderChat: RenderChat;
  /** Renders and encodes a conversation. For conversations that grow, see `beginChat`. */
  encodeChat(messages: readonly ChatMessage[], options?: RenderOptions): number[];
}

/** Options of {@link createTokenizer} and {@link readTokenizer}. */
export interface TokenizerOptions {
  /**
   * Text of the token that ends a response in the model's training data. Default: `eos_token` of
   * the files.
   */
  readonly endToken?: string;
}

/**
 * Creates a tokenizer from the contents of its files. Encoding adds no tokens at the start or end.
 * Decoding keeps special tokens and all spaces; an empty list decodes to
 * `""`.
 * @throws `RangeError` if there is no end token, it is not in the vocabulary, or the files do not
 *   define a tokenizer.
 */
export function createTokenizer(
  files: TokenizerFiles,
  { endToken: endText }: TokenizerOptions = {},
): LoadedTokenizer {
  const tokenizer = loadTokenizer(files);
  let vocabularySize = 0;
  for (const id of tokenizer.get_vocab(true).values()) {
    vocabularySize = Math.max(vocabularySize, id + 1);
  }
  const model = files.tokenizer["model"];
  const unknownText = isJsonObject(model) ? model["unk_token"] : undefined;
  const unknownToken =
    typeof unknownText === "string" ? tokenizer.token_to_id(unknownText) : undefined;

  const encode = (text: string): number[] => {
    // The library returns no id for words that are not in a word-level vocabulary.
    const encoding: Encoding = tokenizer.encode(text, { add_special_tokens: false });
    const { ids, tokens } = encoding;
    return ids.map((id, index) => {
      const known = id ?? unknownToken;
      if (known !== undefined) return known;
      throw new RangeError(
        `Tokenizer.encode: text must contain only known tokens, got ${JSON.stringify(tokens[index])}`,
      );
    });
  };
  const decode = (tokens: readonly number[]): string =>
    tokens.length === 0
      ? ""
      : tokenizer.decode([...tokens], {
          skip_special_tokens: false,
          clean_up_tokenization_spaces: false,
        });
  const renderChat = createChatRenderer(files);
  const tokenId = (text: string): number | undefined => tokenizer.token_to_id(text);
  const ends = findEndTokens({ files, vocabularySize, tokenId, renderChat }, endText);
  const beginTokens = findBeginTokens(files, (text) => {
    const { ids }: Encoding = tokenizer.encode(text, { add_special_tokens: true });
    return { plain: encode(text), whole: ids.filter((id) => id !== undefined) };
  });
  return {
    vocabularySize,
    endToken: ends.first,
    endTokens: ends.all,
    ...(ends.ofTurn !== undefined && { turnEndToken: ends.ofTurn }),
    beginTokens,
    files,
    renderChat,
    encodeChat: (messages, options) => encode(renderChat(messages, options)),
    encodePrompt: (text) => {
      const tokens = encode(text);
      const isBegun = beginTokens.every((token, i) => token === tokens[i]);
      return isBegun ? tokens : [...beginTokens, ...tokens];
    },
    encode,
    decode,
    tokenId,
  };
}

const modelKinds: ReadonlySet<string> = new Set(["BPE", "Unigram", "WordLevel", "WordPiece"]);

/**
 * Loads the library's tokenizer, after checks of our own, because the library's errors are vague.
 */
function loadTokenizer({ tokenizer, config }: TokenizerFiles): HuggingFaceTokenizer {
  const model = tokenizer["model"];
  const vocabulary = isJsonObject(model) ? model["vocab"] : undefined;
  if (!isJsonObject(vocabulary) && !Array.isArray(vocabulary)) {
    throw new RangeError(
      `createTokenizer: model of tokenizer.json must have a vocab, got ${JSON.stringify(model)?.slice(0, 80)}`,
    );
  }
  // The library silently treats an unknown kind as another kind.
  const kind = isJsonObject(model) ? (model["type"] ?? "BPE") : undefined;
  if (typeof kind !== "string" || !modelKinds.has(kind)) {
    throw new RangeError(
      `createTokenizer: model of tokenizer.json must be ${[...modelKinds].join(", ")}, got ${JSON.stringify(kind)}`,
    );
  }
  const added = Array.isArray(tokenizer["added_tokens"]) ? tokenizer["added_tokens"] : [];
  const ids = [
    ...(isJsonObject(vocabulary) ? Object.entries(vocabulary) : []),
    ...added.filter(isJsonObject).map(({ content, id }) => [content, id] as const),
  ];
  for (const [token, id] of ids) {
    if (Number.isSafeInteger(id) && Number(id) >= 0) continue;
    throw new RangeError(
      `createTokenizer: ids must be whole numbers >= 0, got ${JSON.stringify(id)} for ${JSON.stringify(token)}`,
    );
  }
  try {
    return new HuggingFaceTokenizer(tokenizer, config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(
      `createTokenizer: the tokenizers library cannot read tokenizer.json: ${reason}`,
      { cause },
    );
  }
}

/** Result of the library's `encode`; its own type does not resolve under NodeNext. */
interface Encoding {
  readonly ids: readonly (number | undefined)[];
  readonly tokens: readonly string[];
}

/**
 * Reads a tokenizer from a folder with `tokenizer.json`, `tokenizer_config.json` (optional if
 * another file defines the end token), and optional `special_tokens_map.json`,
 * `chat_template.jinja` and
 * `generation_config.json`. If `generation_config.json` is missing, `config.json` is used instead,
 * as in transformers.
 */
export async function readTokenizer(
  directory: string,
  options: TokenizerOptions = {},
): Promise<LoadedTokenizer> {
  const tokenizer = await readJson(join(directory, "tokenizer.json"));
  const config = (await readJsonIfPresent(join(directory, "tokenizer_config.json"))) ?? {};
  const specialTokens = await readJsonIfPresent(join(directory, "special_tokens_map.json"));
  const chatTemplate = await readTextIfPresent(join(directory, templateName));
  const generationConfig = await readGenerationConfig(directory);
  const files: TokenizerFiles = {
    tokenizer,
    config: addSpecialTokens(config, specialTokens),
    ...(chatTemplate !== undefined && { chatTemplate }),
    ...(generationConfig && { generationConfig }),
  };
  return createTokenizer(files, options);
}

/** Adds special tokens that `tokenizer_config.json` does not define. */
function addSpecialTokens(config: JsonObject, specialTokens: JsonObject = {}): JsonObject {
  const missing = Object.entries(specialTokens).filter(
    ([name]) => name.endsWith("_token") && (config[name] ?? undefined) === undefined,
  );
  return missing.length === 0 ? config : { ...config, ...Object.fromEntries(missing) };
}

const templateName = "chat_template.jinja";

async function readTextIfPresent(path: string): Promise<string | undefined> {
  try {
    return decodeText(await readFile(path), path);
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

/** Writes the files of a tokenizer to a folder, each atomically. */
export async function writeTokenizer(directory: string, files: TokenizerFiles): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeJson(join(directory, "tokenizer.json"), files.tokenizer);
  await writeJson(join(directory, "tokenizer_config.json"), files.config);
  const path = join(directory, templateName);
  // Remove an existing template file, which would take precedence over the template in the config.
  if (files.chatTemplate === undefined) await rm(path, { force: true });
  else await writeFileAtomically(path, [files.chatTemplate]);
  const generationPath = join(directory, "generation_config.json");
  // Keep an existing file, because it belongs to the model and is more complete.
  if (files.generationConfig && !(await readJsonIfPresent(generationPath))) {
    await writeJson(generationPath, files.generationConfig);
  }
}
