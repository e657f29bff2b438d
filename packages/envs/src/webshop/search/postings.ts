/**
 * Encodes the postings of one term: for each document that contains it, in ascending order, the gap
 * to the previous document and the number of occurrences. The gap is doubled, plus one if the term
 * occurs more than once; the count follows only in this case. Both are variable-length integers:
 * groups of seven bits, low groups first, with the highest bit set on all but the last.
 */
export class PostingsWriter {
  /** Number of documents so far. */
  numDocuments = 0;
  #bytes = new Uint8Array(8);
  #size = 0;
  #previous = -1;
  #document = -1;
  #count = 0;

  /** Counts one occurrence. Document numbers must not decrease. */
  add(document: number): void {
    if (document === this.#document) {
      this.#count += 1;
      return;
    }
    this.#flush();
    this.#document = document;
    this.#count = 1;
    this.numDocuments += 1;
  }

  /** Returns all bytes. Nothing may be added afterwards. */
  finish(): Uint8Array {
    this.#flush();
    return this.#bytes.subarray(0, this.#size);
  }

  #flush(): void {
    if (this.#count === 0) return;
    const gap = this.#document - this.#previous - 1;
    this.#previous = this.#document;
    const isRepeated = this.#count > 1;
    this.#write(gap * 2 + (isRepeated ? 1 : 0));
    if (isRepeated) this.#write(this.#count);
    this.#count = 0;
  }

  #write(value: number): void {
    if (this.#size + 5 > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#size++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#size++] = rest;
  }
}
