import type { Tokenizer } from "@turnwise/core";
import { TextStream } from "./text-stream.ts";

/** Finds the first of some texts in tokens that come one after the other. */
export class StopStrings {
  readonly #stream: TextStream;
  readonly #texts: readonly string[];
  readonly #longest: number;
  /** Where the first one begins. */
  #found: number | undefined;

  /** @param texts - None is empty. */
  constructor(tokenizer: Pick<Tokenizer, "decode">, texts: readonly string[]) {
    this.#stream = new TextStream(tokenizer);
    this.#texts = texts;
    this.#longest = Math.max(...texts.map(({ length }) => length));
  }

  /**
   * Takes one more token, as long as nothing was found.
   * @returns Whether the text of all tokens now contains one of the texts.
   */
  push(token: number): boolean {
    // A text may begin before the new token, but not end there.
    const numKnown = this.#stream.text.length;
    const wasOpen = this.#stream.text.endsWith("\uFFFD");
    this.#stream.push(token);
    const { text } = this.#stream;
    // What was unfinished may have become something else.
    const begin = wasOpen ? 0 : Math.max(0, numKnown - this.#longest + 1);
    for (const each of this.#texts) {
      const at = text.indexOf(each, begin);
      if (at >= 0) this.#found = Math.min(at, this.#found ?? at);
    }
    return this.#found !== undefined;
  }

  /** The text of all tokens, up to where the first of the texts begins. */
  get text(): string {
    return this.#stream.text.slice(0, this.#found);
  }
}
