import { Tokenizer } from "@huggingface/tokenizers";
import type { JsonObject, RunSource } from "@turnwise/training/reader";

/** Decodes tokens to text. */
export interface TokenText {
  /** Text of a list of tokens. */
  readonly decode: (tokens: readonly number[]) => string;
  /**
   * Text of each token, `[token]`. If a character consists of several tokens, the last token has
   * the character and the others have no text.
   */
  readonly pieces: (tokens: readonly number[]) => string[];
  /** False without a tokenizer; texts are then token ids. */
  readonly isText: boolean;
}

const numberText: TokenText = {
  decode: (tokens) => tokens.join(" "),
  pieces: (tokens) => tokens.map((token) => `${token} `),
  isText: false,
};

/**
 * Folders of a run that may contain its tokenizer; the last one is the folder of the initial model.
 */
const folders = ["policy/", "warm-start/", ""];

/** Opens the tokenizer of a run; without a recorded tokenizer, shows token ids. */
export async function readTokenText(source: RunSource): Promise<TokenText> {
  for (const folder of folders) {
    const tokenizer = await readJson(source, `${folder}tokenizer.json`);
    if (tokenizer === undefined) continue;
    const config = (await readJson(source, `${folder}tokenizer_config.json`)) ?? {};
    try {
      return createTokenText(new Tokenizer(tokenizer, config));
    } catch {
      // The library does not know this kind of tokenizer: show ids instead.
    }
  }
  return numberText;
}

async function readJson(source: RunSource, path: string): Promise<JsonObject | undefined> {
  const bytes = await source.read(path);
  return bytes === undefined
    ? undefined
    : (JSON.parse(new TextDecoder().decode(bytes)) as JsonObject);
}

/**
 * Number of preceding tokens on which a token's text can depend (spaces between words, parts of
 * characters).
 */
const contextTokens = 4;
const incomplete = "\uFFFD";

function createTokenText(tokenizer: Tokenizer): TokenText {
  const decode = (tokens: readonly number[]): string =>
    tokens.length === 0
      ? ""
      : tokenizer.decode([...tokens], {
          skip_special_tokens: false,
          clean_up_tokenization_spaces: false,
        });
  const pieces = (tokens: readonly number[]): string[] => {
    // Start of the tokens whose text is not shown yet, because their character is incomplete.
    let pending = 0;
    return tokens.map((_, i) => {
      const start = Math.max(0, pending - contextTokens);
      const before = decode(tokens.slice(start, pending));
      const text = decode(tokens.slice(start, i + 1));
      if (text.endsWith(incomplete) && i < tokens.length - 1 && i - pending < contextTokens)
        return "";
      pending = i + 1;
      return text.slice(before.length);
    });
  };
  return { decode, pieces, isText: true };
}
