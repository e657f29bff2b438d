import type { Tokenizer } from "@turnwise/core";

/** Character that decoders return for invalid or incomplete bytes. */
const replacement = "\uFFFD";

/**
 * Incremental detokenizer. If a token ends in the middle of a character, its text is held back
 * until the character is complete. Each call decodes only the last few tokens.
 *
 * The result equals decoding all tokens at once, provided that the text of a token sequence always
 * starts with the text of any shorter prefix.
 */
export class Detokenizer {
  readonly #tokenizer: Pick<Tokenizer, "decode">;
  /** The last tokens; the text of the first `numSettled` of them is already in `settled`. */
  #tokens: number[] = [];
  #numSettled = 0;
  #settledOfTokens = 0;
  #settled = "";
  #text = "";

  constructor(tokenizer: Pick<Tokenizer, "decode">) {
    this.#tokenizer = tokenizer;
  }

  /** Adds a token. @returns The new text that is certain, in complete characters. */
  push(token: number): string {
    this.#tokens.push(token);
    // Decode with the preceding tokens, because some decoders put spaces between tokens.
    const text = this.#tokenizer.decode(this.#tokens);
    const added = text.slice(this.#settledOfTokens);
    this.#text = this.#settled + added;
    if (added === "" || text.endsWith(replacement)) return "";
    this.#settled = this.#text;
    this.#tokens = this.#tokens.slice(this.#numSettled);
    this.#numSettled = this.#tokens.length;
    this.#settledOfTokens = this.#tokenizer.decode(this.#tokens).length;
    return added;
  }

  /** Text of all tokens so far, including incomplete characters. */
  get text(): string {
    return this.#text;
  }

  /** Ends the stream. @returns The text that was held back. */
  end(): string {
    const rest = this.#text.slice(this.#settled.length);
    this.#settled = this.#text;
    return rest;
  }
}
