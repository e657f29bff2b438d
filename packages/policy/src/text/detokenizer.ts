import type { Tokenizer } from "@turnwise/core";

/** Replacement character of decoders, for invalid or incomplete bytes. */
const replacement = "\uFFFD";

/**
 * Incremental detokenizer. A token may end in the middle of a character; its text then waits for
 * the rest. Only the last few tokens are decoded each time.
 *
 * The result equals decoding all tokens at once, for every tokenizer in which the text of a token
 * sequence starts with the text of its first tokens.
 */
export class Detokenizer {
  readonly #tokenizer: Pick<Tokenizer, "decode">;
  /** The last tokens; the text of the first `numSettled` of them is in `settled`. */
  #tokens: number[] = [];
  #numSettled = 0;
  #settledOfTokens = 0;
  #settled = "";
  #text = "";

  constructor(tokenizer: Pick<Tokenizer, "decode">) {
    this.#tokenizer = tokenizer;
  }

  /** Adds a token. @returns The text that became certain, in whole characters. */
  push(token: number): string {
    this.#tokens.push(token);
    // Earlier tokens matter: some decoders put spaces between tokens.
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

  /** Text of all tokens, incomplete characters included. */
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
