/** Buffer for a byte stream that keeps the beginning and the end of the stream, up to a limit. */
export class BoundedOutput {
  readonly #limit: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #total = 0;

  /** @param limit - Maximum number of bytes to keep. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Total number of bytes written, including omitted bytes. */
  get total(): number {
    return this.#total;
  }

  get isTruncated(): boolean {
    return this.#total > this.#limit;
  }

  write(chunk: Buffer): void {
    this.#total += chunk.length;
    const headLimit = Math.ceil(this.#limit / 2);
    const free = headLimit - this.#headBytes;
    if (free > 0) {
      const first = chunk.subarray(0, free);
      this.#head.push(first);
      this.#headBytes += first.length;
    }
    const rest = chunk.subarray(Math.max(0, free));
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    const tailLimit = this.#limit - headLimit;
    // Trim only if the tail is more than twice its limit, so that each byte is copied a bounded
    // number of times.
    if (this.#tailBytes > 2 * tailLimit + 65_536) {
      const kept = Buffer.from(Buffer.concat(this.#tail).subarray(this.#tailBytes - tailLimit));
      this.#tail = [kept];
      this.#tailBytes = kept.length;
    }
  }

  /** Kept bytes; if bytes were omitted, a line in the middle states their number. */
  bytes(): Buffer {
    const tail = Buffer.concat(this.#tail);
    if (!this.isTruncated) return Buffer.concat([...this.#head, tail]);
    const kept = tail.subarray(Math.max(0, tail.length - (this.#limit - this.#headBytes)));
    const numMissing = this.#total - this.#headBytes - kept.length;
    return Buffer.concat([
      ...this.#head,
      Buffer.from(`\n[... ${numMissing} bytes omitted ...]\n`),
      kept,
    ]);
  }
}
