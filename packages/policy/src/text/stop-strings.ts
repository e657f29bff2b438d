import type { Tokenizer } from "@turnwise/core";
import { Detokenizer } from "./detokenizer.ts";

/** Finds the first of several strings in a stream of tokens. */
export class StopStrings {
  readonly #stream: Detokenizer;
  readonly #texts: readonly string[];
  readonly #longest: number;
  /** Start of the first match. */
  #found: number | undefined;

  /** @param texts - Non-empty strings. */
  constructor(tokenizer: Pick<Tokenizer, "decode">, texts: readonly string[]) {
    this.#stream = new Detokenizer(tokenizer);
    this.#texts = texts;
    this.#longest = Math.max(...texts.map(({ length }) => length));
  }

  /**
   * Adds a token, as long as nothing was found.
   * @returns True if the text of all tokens now contains one of the strings.
   */
  push(token: number): boolean {
    // A match may start before the new token, but not end there.
    const numKnown = this.#stream.text.length;
    const wasOpen = this.#stream.text.endsWith("\uFFFD");
    this.#stream.push(token);
    const { text } = this.#stream;
    // Unfinished characters may have become different text.
    const begin = wasOpen ? 0 : Math.max(0, numKnown - this.#longest + 1);
    for (const each of this.#texts) {
      const at = text.indexOf(each, begin);
      if (at >= 0) this.#found = Math.min(at, this.#found ?? at);
    }
    return this.#found !== undefined;
  }

  /** Text of all tokens, up to the first match. */
  get text(): string {
    return this.#stream.text.slice(0, this.#found);
  }
}
