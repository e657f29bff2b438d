import type { Tokenizer } from "@turnwise/core";
import { Detokenizer } from "./detokenizer.ts";

/** Searches a stream of tokens for the first match of several strings. */
export class StopStrings {
  readonly #stream: Detokenizer;
  readonly #texts: readonly string[];
  readonly #longest: number;
  /** Start of the first match in the text. */
  #found: number | undefined;

  /** @param texts - At least one string to search for; none is empty. */
  constructor(tokenizer: Pick<Tokenizer, "decode">, texts: readonly string[]) {
    this.#stream = new Detokenizer(tokenizer);
    this.#texts = texts;
    this.#longest = Math.max(...texts.map(({ length }) => length));
  }

  /**
   * Adds a token; must not be called after a match.
   * @returns True if the text of all tokens now contains one of the strings.
   */
  push(token: number): boolean {
    // A match may start before the new token, but must end in its text.
    const numKnown = this.#stream.text.length;
    const wasOpen = this.#stream.text.endsWith("\uFFFD");
    this.#stream.push(token);
    const { text } = this.#stream;
    // If the last character was incomplete, its text may have changed.
    const begin = wasOpen ? 0 : Math.max(0, numKnown - this.#longest + 1);
    for (const each of this.#texts) {
      const at = text.indexOf(each, begin);
      if (at >= 0) this.#found = Math.min(at, this.#found ?? at);
    }
    return this.#found !== undefined;
  }

  /** Text of all tokens, cut before the first match. */
  get text(): string {
    return this.#stream.text.slice(0, this.#found);
  }
}
