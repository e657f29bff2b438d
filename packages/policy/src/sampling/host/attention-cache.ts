import { checkInteger, checkNonNegative } from "@turnwise/core";
import { jobBytes, type AttentionShape } from "./attention-kernel.ts";
import { AttentionThreads, controlBytes } from "./attention-threads.ts";
import { pagePositions, PageTable, type CachedSequence } from "../runner/page-table.ts";
import { maxMemoryPages } from "../../wasm/wasm-writer.ts";

/** Part of a step that belongs to one sequence. */
export interface AttentionJob {
  readonly sequence: CachedSequence;
  /** Number of new positions, which follow the filled ones, `>= 1`. */
  readonly numQueries: number;
}

/** Options of {@link AttentionCache}. */
export interface AttentionCacheOptions extends AttentionShape {
  readonly numLayers: number;
  readonly maxSequenceTokens: number;
  /** Maximum number of new positions in one step. */
  readonly maxStepTokens: number;
  /** Maximum bytes of keys and values, rounded down to whole pages. */
  readonly maxBytes: number;
  /** Number of threads for attention, including this one. Default 1. */
  readonly threads?: number;
}

const wordBytes = 4;
const wasmPageBytes = 65536;
const alignUp = (bytes: number, to = 16): number => Math.ceil(bytes / to) * to;

/** Job with memory addresses, which stay valid even if the sequence is released during the step. */
interface PlacedJob extends AttentionJob {
  /** Addresses of the job's pages, in order. */
  readonly pages: readonly number[];
  /** Number of positions before the job's first query. */
  readonly start: number;
}

/**
 * Paged keys and values of many sequences in one WebAssembly memory, and attention over them.
 *
 * A step starts with {@link begin}, computes each layer with {@link attend}, and counts the new
 * positions as filled with {@link commit}.
 */
export class AttentionCache {
  readonly #options: AttentionCacheOptions;
  readonly #threads: AttentionThreads;
  /** Pages of each sequence. */
  readonly pages: PageTable;
  /** Address of each page. */
  readonly #addresses: number[] = [];
  readonly #pageBytes: number;
  /** Addresses of the fixed areas of the memory. */
  readonly #queries: number;
  readonly #results: number;
  /** Address of the next new page. */
  #end: number;
  readonly #firstPage: number;
  #floats: Float32Array;
  #words: Int32Array;
  #jobs: readonly PlacedJob[] = [];
  #numPairs = 0;
  /** Address of the step's job list and page tables, which grow as needed. */
  #lists = 0;
  #listBytes = 0;

  constructor(options: AttentionCacheOptions) {
    this.#options = options;
    const { numLayers, numHeads, numKeyValueHeads, headSize, maxBytes, threads = 1 } = options;
    checkInteger("AttentionCache", { threads }, { min: 1 });
    checkNonNegative("AttentionCache", { maxBytes });
    this.#pageBytes = numLayers * numKeyValueHeads * 2 * pagePositions * headSize * wordBytes;
    const rowBytes = numHeads * headSize * wordBytes;
    this.#queries = controlBytes;
    this.#results = this.#queries + alignUp(options.maxStepTokens * rowBytes);
    const scratch = this.#results + alignUp(options.maxStepTokens * rowBytes);
    const stride = alignUp(options.maxSequenceTokens, pagePositions) * wordBytes;
    this.#threads = new AttentionThreads(options, threads, scratch, stride);
    this.#end = scratch + threads * 4 * stride;
    this.#firstPage = this.#end;
    // Addresses have 32 bits; reserve some memory for the lists of a step.
    const addressable = 0.99 * maxMemoryPages * wasmPageBytes - this.#firstPage;
    this.pages = new PageTable({
      pageBytes: this.#pageBytes,
      maxPages: Math.max(0, Math.floor(Math.min(maxBytes, addressable) / this.#pageBytes)),
      memory: {
        reserve: (page) => void (this.#addresses[page] = this.#newPage()),
        copy: (from, to) => this.#copyPage(from, to),
      },
    });
    this.#floats = new Float32Array(this.#threads.memory.buffer);
    this.#words = new Int32Array(this.#threads.memory.buffer);
  }

  /** Fills all pages with zeros, so that no non-finite values of earlier weights remain. */
  clear(): void {
    this.#floats.fill(0, this.#firstPage / wordBytes);
  }

  /**
   * Starts a step. Every job must have its own sequence; the rows of queries are in the order of
   * the jobs.
   * @throws `RangeError` if a sequence cannot grow; call `PageTable.extend` first.
   */
  begin(jobs: readonly AttentionJob[]): void {
    let numPages = 0;
    this.#numPairs = 0;
    this.#jobs = jobs.map(({ sequence, numQueries }) => {
      this.pages.mustExtend("AttentionCache", sequence, numQueries);
      numPages += sequence.pages.length;
      this.#numPairs += numQueries * (sequence.length + numQueries);
      const pages = sequence.pages.map((page) => this.#addresses[page]!);
      return { sequence, numQueries, pages, start: sequence.length };
    });
    this.#reserveLists(jobs.length * jobBytes + numPages * wordBytes);
    this.#writeJobs(false);
  }

  /**
   * Writes the job list of the step.
   * @param lastOnly - True to compute only the last query of each job.
   */
  #writeJobs(lastOnly: boolean): void {
    const { numHeads, headSize } = this.#options;
    const rowBytes = numHeads * headSize * wordBytes;
    const words = this.#words;
    let entry = this.#lists / wordBytes;
    let table = this.#lists + this.#jobs.length * jobBytes;
    let row = 0;
    this.#jobs.forEach(({ numQueries, pages, start }, index) => {
      const skipped = lastOnly ? numQueries - 1 : 0;
      words[entry++] = this.#queries + (row + skipped) * rowBytes;
      words[entry++] = this.#results + (lastOnly ? index : row) * rowBytes;
      words[entry++] = table;
      words[entry++] = numQueries - skipped;
      words[entry++] = start + skipped;
      if (!lastOnly) words.set(pages, table / wordBytes);
      table += pages.length * wordBytes;
      row += numQueries;
    });
  }

  /**
   * Stores the new keys and values of a layer, and computes attention of each query over all
   * positions up to its own.
   * @param queries - `[position, head * headSize]`; keys and values `[position, head * headSize]`.
   * @param lastOnly - True to compute only the last position of each job. Once true, it must be
   *   true for all later layers of the step.
   * @returns A view `[position, head * headSize]` (or `[job, ...]`), valid until the next call. It
   *   has at least two rows; with a single position the second row is undefined.
   */
  attend(
    layer: number,
    queries: Float32Array,
    keys: Float32Array,
    values: Float32Array,
    lastOnly = false,
  ): Float32Array {
    const { numHeads, numKeyValueHeads, headSize } = this.#options;
    const layerOffset = layer * numKeyValueHeads * 2 * pagePositions * headSize * wordBytes;
    if (lastOnly) this.#writeJobs(true);
    this.#floats.set(queries, this.#queries / wordBytes);
    this.#store(layerOffset, keys, values);
    this.#threads.run(this.#lists, this.#jobs.length, layerOffset, this.#numPairs);
    const rowSize = numHeads * headSize;
    const numRows = Math.max(2, lastOnly ? this.#jobs.length : queries.length / rowSize);
    const begin = this.#results / wordBytes;
    const results = this.#floats.subarray(begin, begin + numRows * rowSize);
    // The programs cannot read shared memory, so copy the results if it is shared.
    return this.#threads.isShared ? results.slice() : results;
  }

  #store(layerOffset: number, keys: Float32Array, values: Float32Array): void {
    const { numKeyValueHeads, headSize } = this.#options;
    const floats = this.#floats;
    const headStride = 2 * pagePositions * headSize;
    let from = 0;
    for (const { pages, start, numQueries } of this.#jobs) {
      const end = start + numQueries;
      for (let position = start; position < end; position++) {
        const page = pages[Math.floor(position / pagePositions)]!;
        const slot = position % pagePositions;
        let base = (page + layerOffset) / wordBytes;
        for (let head = 0; head < numKeyValueHeads; head++) {
          // Keys are interleaved in blocks of four positions; values are not.
          let key = base + (slot >> 2) * headSize * 4 + (slot & 3);
          let value = base + (pagePositions + slot) * headSize;
          for (let i = 0; i < headSize; i++, from++, key += 4, value++) {
            floats[key] = keys[from]!;
            floats[value] = values[from]!;
          }
          base += headStride;
        }
      }
    }
  }

  /**
   * Marks the new positions of the step as filled, except in sequences that were released
   * meanwhile.
   */
  commit(): void {
    for (const { sequence, start, numQueries } of this.#jobs) {
      this.pages.commit(sequence, start, numQueries);
    }
    this.#jobs = [];
  }

  /** Stops the threads. */
  close(): Promise<void> {
    return this.#threads.close();
  }

  #copyPage(from: number, to: number): void {
    const begin = this.#addresses[from]! / wordBytes;
    const end = begin + this.#pageBytes / wordBytes;
    this.#floats.copyWithin(this.#addresses[to]! / wordBytes, begin, end);
  }

  #newPage(): number {
    const page = this.#end;
    this.#reserve(page + this.#pageBytes);
    this.#end += this.#pageBytes;
    return page;
  }

  /** Moves the lists of a step to the end of the pages if they outgrow their space. */
  #reserveLists(numBytes: number): void {
    if (numBytes <= this.#listBytes) return;
    this.#listBytes = alignUp(2 * numBytes);
    this.#lists = this.#end;
    this.#end += this.#listBytes;
    this.#reserve(this.#end);
  }

  #reserve(numBytes: number): void {
    const missing = numBytes - this.#threads.memory.buffer.byteLength;
    if (missing > 0) {
      // Allocate a quarter more than needed, because growing copies the memory; never more than the
      // maximum.
      const wanted = Math.ceil(missing / wasmPageBytes);
      const allowed = this.#firstPage + this.pages.maxPages * this.#pageBytes - numBytes;
      const spare = Math.ceil(Math.max(0, Math.min(numBytes / 4, allowed)) / wasmPageBytes);
      const free = maxMemoryPages - this.#threads.memory.buffer.byteLength / wasmPageBytes;
      if (wanted > free) {
        throw new RangeError(
          `AttentionCache: keys and values must fit into 4 GiB, got ${numBytes} bytes`,
        );
      }
      this.#threads.memory.grow(Math.min(wanted + spare, free));
    }
    if (this.#floats.buffer !== this.#threads.memory.buffer) {
      this.#floats = new Float32Array(this.#threads.memory.buffer);
      this.#words = new Int32Array(this.#threads.memory.buffer);
    }
  }
}
