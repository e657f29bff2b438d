import type { Tokenizer } from "@turnwise/core";

/** What a decoder writes for bytes that are no text, or not yet. */
const replacement = "\uFFFD";

/**
 * The text of tokens that come one after the other. A token may end in the middle of a character; the
 * text then waits for the rest of it. Only the last few tokens are decoded each time.
 *
 * It is the text that decoding all tokens at once gives, for every tokenizer whose text of some tokens
 * begins with the text of the first of them.
 */
export class TextStream {
  readonly #tokenizer: Pick<Tokenizer, "decode">;
  /** The last tokens, of which the first `numSettled` have their text in `settled`. */
  #tokens: number[] = [];
  #numSettled = 0;
  #settledOfTokens = 0;
  #settled = "";
  #text = "";

  constructor(tokenizer: Pick<Tokenizer, "decode">) {
    this.#tokenizer = tokenizer;
  }

  /** Takes one more token. @returns The text that became certain: that of whole characters. */
  push(token: number): string {
    this.#tokens.push(token);
    // Tokens before the new ones matter: some decoders put spaces between tokens.
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

  /** The text of all tokens, unfinished characters included. */
  get text(): string {
    return this.#text;
  }

  /** Ends the stream. @returns What had waited for more. */
  end(): string {
    const rest = this.#text.slice(this.#settled.length);
    this.#settled = this.#text;
    return rest;
  }
}
