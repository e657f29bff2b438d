import { checkInteger } from "@turnwise/core";
import { toTerm } from "./analyze.ts";
import { lengthByte } from "./length-byte.ts";
import { PostingsWriter } from "./postings.ts";
import { comparePythonTexts } from "../../python/python-text.ts";
import { tokenize } from "./tokenize.ts";

/** Location and statistics of a term's postings. */
export interface TermEntry {
  /** Offset of its postings, bytes. */
  readonly start: number;
  /** Size of its postings, bytes. */
  readonly size: number;
  /** Number of documents that contain the term. */
  readonly numDocuments: number;
}

/** Bytes of all postings, in memory or in a file. */
export interface PostingsSource {
  /** Reads a range. The result is valid until the next call. */
  read(start: number, size: number): Uint8Array;
}

/**
 * Inverted index over one text field, with the statistics for BM25. Documents are numbered from 0
 * in the order of insertion.
 */
export interface SearchIndex {
  readonly numDocuments: number;
  /** Number of terms over all documents, repeats included. */
  readonly numTokens: number;
  readonly terms: ReadonlyMap<string, TermEntry>;
  readonly postings: PostingsSource;
  /** Length of each document, see `lengthByte`, `[document]`. */
  readonly lengths: Uint8Array;
  /** Rank of each document when sorted by id, `[document]`. */
  readonly idRanks: Uint32Array;
}

/** Collects documents into a {@link SearchIndex}. */
export class SearchIndexBuilder {
  readonly #ids: string[] = [];
  readonly #lengths: number[] = [];
  readonly #writers = new Map<string, PostingsWriter>();
  /** Postings of each token's term; `undefined` for stop words. */
  readonly #termsOfTokens = new Map<string, PostingsWriter | undefined>();
  #numTokens = 0;

  /** Adds the next document. Ids may be in any order, but must be distinct. */
  add(id: string, text: string): void {
    const document = this.#ids.length;
    let length = 0;
    for (const token of tokenize(text)) {
      let writer = this.#termsOfTokens.get(token);
      if (writer === undefined && !this.#termsOfTokens.has(token)) {
        writer = this.#writerOf(token);
        // Rare tokens (sizes, serial numbers) would fill memory and never be reused.
        if (this.#termsOfTokens.size < 500_000) this.#termsOfTokens.set(token, writer);
      }
      if (writer === undefined) continue;
      writer.add(document);
      length += 1;
    }
    this.#ids.push(id);
    this.#lengths.push(lengthByte(length));
    this.#numTokens += length;
  }

  #writerOf(token: string): PostingsWriter | undefined {
    const term = toTerm(token);
    if (term === "") return undefined;
    let writer = this.#writers.get(term);
    if (writer === undefined) this.#writers.set(term, (writer = new PostingsWriter()));
    return writer;
  }

  /**
   * Completes the index; the builder must not be used afterwards.
   * @throws `RangeError` if two documents have the same id.
   */
  build(): SearchIndex {
    const ids = this.#ids;
    const order = Uint32Array.from(ids, (_, i) => i);
    order.sort((a, b) => comparePythonTexts(ids[a]!, ids[b]!));
    const idRanks = new Uint32Array(ids.length);
    order.forEach((document, rank) => {
      if (rank > 0 && ids[order[rank - 1]!] === ids[document]) {
        throw new RangeError(`SearchIndexBuilder: ids must differ, got ${ids[document]} twice`);
      }
      idRanks[document] = rank;
    });
    const terms = new Map<string, TermEntry>();
    const parts: Uint8Array[] = [];
    let start = 0;
    for (const [term, writer] of this.#writers) {
      const bytes = writer.finish();
      terms.set(term, { start, size: bytes.length, numDocuments: writer.numDocuments });
      parts.push(bytes);
      start += bytes.length;
    }
    this.#writers.clear();
    this.#termsOfTokens.clear();
    const bytes = new Uint8Array(start);
    let offset = 0;
    for (const part of parts) {
      bytes.set(part, offset);
      offset += part.length;
    }
    return {
      numDocuments: ids.length,
      numTokens: this.#numTokens,
      terms,
      postings: memoryPostings(bytes),
      lengths: Uint8Array.from(this.#lengths),
      idRanks,
    };
  }
}

/** Postings in memory. */
export function memoryPostings(bytes: Uint8Array): PostingsSource {
  return {
    read: (start, size) => {
      checkInteger("memoryPostings.read", { end: start + size }, { min: 0, max: bytes.length });
      return bytes.subarray(start, start + size);
    },
  };
}
