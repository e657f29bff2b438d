import type { SampledResponse, SampleRequest } from "@turnwise/core";
import { StopStrings, Detokenizer, type LoadedTokenizer } from "@turnwise/policy";

/** Decodes a response, without the end token or stop string. */
export function decodeResponse(
  { tokens: all, stopReason }: SampledResponse,
  { stopTokens }: SampleRequest,
  tokenizer: LoadedTokenizer,
): string {
  const isStopped = stopReason === "stop-token" && stopTokens.includes(all.at(-1)!);
  return tokenizer.decode(isStopped ? all.slice(0, -1) : all);
}

/** Streams a response to standard output: text, or token ids without a tokenizer. */
export class ResponsePrinter {
  readonly #stream: Detokenizer | undefined;
  readonly #stops: StopStrings | undefined;
  readonly #stopTokens: readonly number[];
  /** Number of characters to hold back: they may be the start of a stop string. */
  readonly #numHeld: number;
  #certain = "";
  #numWritten = 0;

  constructor(
    tokenizer: LoadedTokenizer | undefined,
    { stopTokens, stopStrings = [] }: Pick<SampleRequest, "stopTokens" | "stopStrings">,
  ) {
    this.#stream = tokenizer && new Detokenizer(tokenizer);
    this.#stops =
      tokenizer && stopStrings.length > 0 ? new StopStrings(tokenizer, stopStrings) : undefined;
    this.#stopTokens = stopTokens;
    this.#numHeld = Math.max(0, ...stopStrings.map(({ length }) => length - 1));
  }

  push(token: number): void {
    if (!this.#stream) {
      process.stdout.write(`${this.#numWritten === 0 ? "" : " "}${token}`);
      this.#numWritten++;
      return;
    }
    if (this.#stopTokens.includes(token) || this.#stops?.push(token) === true) return;
    this.#certain += this.#stream.push(token);
    this.#write(this.#certain.slice(0, Math.max(0, this.#certain.length - this.#numHeld)));
  }

  /** @param text - The complete text so far, including the part already written. */
  #write(text: string): void {
    process.stdout.write(text.slice(this.#numWritten));
    this.#numWritten = Math.max(this.#numWritten, text.length);
  }

  /** @param text - The complete text, if there is a tokenizer. */
  end(text: string | undefined): void {
    if (text !== undefined) this.#write(text);
    process.stdout.write("\n");
  }
}
