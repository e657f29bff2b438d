import { checkInteger } from "@turnwise/core";
import { analyze } from "./analyze.ts";
import { lengthOfByte } from "./length-byte.ts";
import type { SearchIndex, TermEntry } from "./search-index.ts";

/** A document found by a query. */
export interface Hit {
  /** Number of the document in the index. */
  readonly document: number;
  /** BM25 score, a 32-bit float. */
  readonly score: number;
}

const saturation = Math.fround(0.9);
const lengthWeight = Math.fround(0.4);

/**
 * Ranks documents like Anserini's BM25 over Lucene 8, with equal scores: `k1 = 0.9`, `b = 0.4`,
 * 32-bit arithmetic, one-byte lengths, ties sorted by id.
 *
 * Needs 8 bytes of working memory per document; share one instance between all users of an index.
 */
export class Searcher {
  readonly #index: SearchIndex;
  /** `1 / (k1 * (1 - b + b * length / average))` for each length byte, 32-bit. */
  readonly #norms = new Float32Array(256);
  readonly #sums: Float64Array;
  readonly #touched: Uint32Array;

  constructor(index: SearchIndex) {
    this.#index = index;
    this.#sums = new Float64Array(index.numDocuments);
    this.#touched = new Uint32Array(index.numDocuments);
    const f = Math.fround;
    const average = f(index.numTokens / index.numDocuments);
    for (let byte = 0; byte < 256; byte++) {
      const share = f(f(lengthWeight * f(lengthOfByte(byte))) / average);
      const length = f(f(1 - lengthWeight) + share);
      this.#norms[byte] = f(1 / f(saturation * length));
    }
  }

  /**
   * Finds the best documents for a query.
   *
   * With `idf = ln(1 + (N - n + 0.5) / (n + 0.5))` and `w = idf` times the term's occurrences in
   * the query, a term adds `w - w / (1 + occurrences * norm)`.
   *
   * @param query - Any text; it is analyzed like the documents.
   * @param limit - Maximum number of hits, `>= 1`. Default 50.
   * @returns Hits by descending score, equal scores by ascending id; none if no term is known.
   */
  search(query: string, limit = 50): Hit[] {
    checkInteger("Searcher.search", { limit }, { min: 1 });
    const counts = new Map<string, number>();
    for (const term of analyze(query)) counts.set(term, (counts.get(term) ?? 0) + 1);
    let numTouched = 0;
    for (const [term, count] of counts) {
      const entry = this.#index.terms.get(term);
      if (entry !== undefined) numTouched = this.#addTerm(entry, count, numTouched);
    }
    return this.#best(numTouched, limit);
  }

  #addTerm(entry: TermEntry, count: number, before: number): number {
    const f = Math.fround;
    const { numDocuments, lengths, postings } = this.#index;
    const n = entry.numDocuments;
    const idf = f(Math.log(1 + (numDocuments - n + 0.5) / (n + 0.5)));
    const weight = f(count * idf);
    const sums = this.#sums;
    const touched = this.#touched;
    const norms = this.#norms;
    const bytes = postings.read(entry.start, entry.size);
    let numTouched = before;
    let document = -1;
    let offset = 0;
    while (offset < bytes.length) {
      let value = bytes[offset++]!;
      if (value > 127) {
        value &= 127;
        for (let shift = 7; ; shift += 7) {
          const byte = bytes[offset++]!;
          value |= (byte & 127) << shift;
          if (byte < 128) break;
        }
      }
      document += (value >>> 1) + 1;
      let occurrences = 1;
      if (value & 1) {
        occurrences = bytes[offset++]!;
        if (occurrences > 127) {
          occurrences &= 127;
          for (let shift = 7; ; shift += 7) {
            const byte = bytes[offset++]!;
            occurrences |= (byte & 127) << shift;
            if (byte < 128) break;
          }
        }
      }
      const norm = norms[lengths[document]!]!;
      const score = f(weight - f(weight / f(1 + f(occurrences * norm))));
      const sum = sums[document]!;
      if (sum === 0) touched[numTouched++] = document;
      sums[document] = sum + score;
    }
    return numTouched;
  }

  /** Selects the best of the visited documents, and clears the working memory. */
  #best(numTouched: number, limit: number): Hit[] {
    const { idRanks } = this.#index;
    const sums = this.#sums;
    const isBetter = (a: Hit, b: Hit): boolean =>
      a.score > b.score || (a.score === b.score && idRanks[a.document]! < idRanks[b.document]!);
    // A heap of the best hits, with the worst of them on top.
    const heap: Hit[] = [];
    for (let i = 0; i < numTouched; i++) {
      const document = this.#touched[i]!;
      const score = Math.fround(sums[document]!);
      sums[document] = 0;
      if (heap.length === limit && score < heap[0]!.score) continue;
      const hit = { document, score };
      if (heap.length < limit) {
        heap.push(hit);
        siftUp(heap, isBetter);
      } else if (isBetter(hit, heap[0]!)) {
        heap[0] = hit;
        siftDown(heap, isBetter);
      }
    }
    return heap.sort((a, b) => (isBetter(a, b) ? -1 : 1));
  }
}

function siftUp(heap: Hit[], isBetter: (a: Hit, b: Hit) => boolean): void {
  let i = heap.length - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!isBetter(heap[parent]!, heap[i]!)) return;
    [heap[parent], heap[i]] = [heap[i]!, heap[parent]!];
    i = parent;
  }
}

function siftDown(heap: Hit[], isBetter: (a: Hit, b: Hit) => boolean): void {
  let i = 0;
  for (;;) {
    let worst = i;
    for (const child of [2 * i + 1, 2 * i + 2]) {
      if (child < heap.length && isBetter(heap[worst]!, heap[child]!)) worst = child;
    }
    if (worst === i) return;
    [heap[worst], heap[i]] = [heap[i]!, heap[worst]!];
    i = worst;
  }
}
