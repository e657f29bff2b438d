import { checkInteger } from "@turnwise/core";
import { jobBytes, pageKeys, type AttentionShape } from "./attention-kernel.ts";
import { AttentionTeam, teamBytes } from "./attention-team.ts";
import { maxMemoryPages } from "./wasm-writer.ts";

/** The keys and values of one growing sequence. */
export interface CachedSequence {
  /** Addresses of its pages, in order. */
  readonly pages: number[];
  /** Positions that are filled, in all layers. */
  length: number;
}

/** What one step computes for one sequence. */
export interface AttentionJob {
  readonly sequence: CachedSequence;
  /** New positions, behind those that are filled, `>= 1`. */
  readonly numQueries: number;
}

/** Options of {@link AttentionCache}. */
export interface AttentionCacheOptions extends AttentionShape {
  readonly numLayers: number;
  readonly maxSequenceTokens: number;
  /** The most new positions of one step. */
  readonly maxStepTokens: number;
  /** Threads that compute, this one included. Default 1. */
  readonly threads?: number;
}

const wordBytes = 4;
const wasmPageBytes = 65536;
const alignUp = (bytes: number, to = 16): number => Math.ceil(bytes / to) * to;

/**
 * Keys and values of many sequences in pages of one WebAssembly memory, and the attention over them.
 *
 * A step names its jobs with {@link begin}, computes each layer with {@link attend}, and counts the
 * new positions as filled with {@link commit}.
 */
export class AttentionCache {
  readonly #options: AttentionCacheOptions;
  readonly #team: AttentionTeam;
  readonly #freePages: number[] = [];
  readonly #pageBytes: number;
  /** Where the fixed areas begin. */
  readonly #queries: number;
  readonly #results: number;
  /** Address of the next new page. */
  #end: number;
  readonly #firstPage: number;
  #numPages = 0;
  #floats: Float32Array;
  #words: Int32Array;
  #jobs: readonly AttentionJob[] = [];
  #numPairs = 0;
  /** Job list and page tables of the step, grown when needed. */
  #lists = 0;
  #listBytes = 0;

  constructor(options: AttentionCacheOptions) {
    this.#options = options;
    const { numLayers, numHeads, numKeyValueHeads, headSize, threads = 1 } = options;
    checkInteger("AttentionCache", { threads }, { min: 1 });
    this.#pageBytes = numLayers * numKeyValueHeads * 2 * pageKeys * headSize * wordBytes;
    const rowBytes = numHeads * headSize * wordBytes;
    this.#queries = teamBytes;
    this.#results = this.#queries + alignUp(options.maxStepTokens * rowBytes);
    const scratch = this.#results + alignUp(options.maxStepTokens * rowBytes);
    const stride = alignUp(options.maxSequenceTokens, pageKeys) * wordBytes;
    this.#team = new AttentionTeam(options, threads, scratch, stride);
    this.#end = scratch + threads * 4 * stride;
    this.#firstPage = this.#end;
    this.#floats = new Float32Array(this.#team.memory.buffer);
    this.#words = new Int32Array(this.#team.memory.buffer);
  }

  /** Bytes that the cache holds, free pages included. */
  get numBytes(): number {
    return this.#team.memory.buffer.byteLength;
  }

  /** Bytes of the pages that sequences hold. */
  get usedBytes(): number {
    return (this.#numPages - this.#freePages.length) * this.#pageBytes;
  }

  /** An empty sequence. */
  create(): CachedSequence {
    return { pages: [], length: 0 };
  }

  /** Shortens a sequence to its first positions. */
  truncate(sequence: CachedSequence, length: number): void {
    const keep = Math.ceil(length / pageKeys);
    this.#freePages.push(...sequence.pages.splice(keep));
    sequence.length = Math.min(sequence.length, length);
  }

  /** Gives the pages of a sequence back. */
  release(sequence: CachedSequence): void {
    this.truncate(sequence, 0);
  }

  /** Gives an empty sequence the first positions of another one. */
  copyPrefix(from: CachedSequence, to: CachedSequence, length: number): void {
    const size = this.#pageBytes / wordBytes;
    for (const source of from.pages.slice(0, Math.ceil(length / pageKeys))) {
      const target = this.#takePage();
      to.pages.push(target);
      const begin = source / wordBytes;
      this.#floats.copyWithin(target / wordBytes, begin, begin + size);
    }
    to.length = length;
  }

  /** Overwrites all pages with 0, so that nothing non-finite of other weights lingers in them. */
  clear(): void {
    this.#floats.fill(0, this.#firstPage / wordBytes);
  }

  /** Starts a step. Jobs name different sequences; positions come one job after the other. */
  begin(jobs: readonly AttentionJob[]): void {
    this.#jobs = jobs;
    let numPages = 0;
    this.#numPairs = 0;
    for (const { sequence, numQueries } of jobs) {
      const needed = Math.ceil((sequence.length + numQueries) / pageKeys);
      while (sequence.pages.length < needed) sequence.pages.push(this.#takePage());
      numPages += needed;
      this.#numPairs += numQueries * (sequence.length + numQueries);
    }
    this.#reserveLists(jobs.length * jobBytes + numPages * wordBytes);
    this.#writeJobs(false);
  }

  /**
   * Writes the job list.
   * @param lastOnly - Whether only the last query of each job is computed.
   */
  #writeJobs(lastOnly: boolean): void {
    const { numHeads, headSize } = this.#options;
    const rowBytes = numHeads * headSize * wordBytes;
    const words = this.#words;
    let entry = this.#lists / wordBytes;
    let table = this.#lists + this.#jobs.length * jobBytes;
    let row = 0;
    this.#jobs.forEach(({ sequence, numQueries }, index) => {
      const skipped = lastOnly ? numQueries - 1 : 0;
      words[entry++] = this.#queries + (row + skipped) * rowBytes;
      words[entry++] = this.#results + (lastOnly ? index : row) * rowBytes;
      words[entry++] = table;
      words[entry++] = numQueries - skipped;
      words[entry++] = sequence.length + skipped;
      if (!lastOnly) words.set(sequence.pages, table / wordBytes);
      table += sequence.pages.length * wordBytes;
      row += numQueries;
    });
  }

  /**
   * Stores the new keys and values of a layer and attends to all positions up to each query's own.
   * @param queries - `[position, head * headSize]`; keys and values `[position, head * headSize]`.
   * @param lastOnly - Whether only the last position of each job is wanted. Once a step has asked so
   *   it cannot ask otherwise.
   * @returns A view `[position, head * headSize]` (or `[job, ...]`), valid until the next call. It has
   *   two rows at least: where there is only one, the second means nothing.
   */
  attend(
    layer: number,
    queries: Float32Array,
    keys: Float32Array,
    values: Float32Array,
    lastOnly = false,
  ): Float32Array {
    const { numHeads, numKeyValueHeads, headSize } = this.#options;
    const layerOffset = layer * numKeyValueHeads * 2 * pageKeys * headSize * wordBytes;
    if (lastOnly) this.#writeJobs(true);
    this.#floats.set(queries, this.#queries / wordBytes);
    this.#store(layerOffset, keys, values);
    this.#team.run(this.#lists, this.#jobs.length, layerOffset, this.#numPairs);
    const rowSize = numHeads * headSize;
    const numRows = Math.max(2, lastOnly ? this.#jobs.length : queries.length / rowSize);
    const begin = this.#results / wordBytes;
    const results = this.#floats.subarray(begin, begin + numRows * rowSize);
    // A copy is not shared.
    return this.#team.isShared ? results.slice() : results;
  }

  #store(layerOffset: number, keys: Float32Array, values: Float32Array): void {
    const { numKeyValueHeads, headSize } = this.#options;
    const floats = this.#floats;
    const headStride = 2 * pageKeys * headSize;
    let from = 0;
    for (const { sequence, numQueries } of this.#jobs) {
      const end = sequence.length + numQueries;
      for (let position = sequence.length; position < end; position++) {
        const page = sequence.pages[Math.floor(position / pageKeys)]!;
        const slot = position % pageKeys;
        let base = (page + layerOffset) / wordBytes;
        for (let head = 0; head < numKeyValueHeads; head++) {
          // Keys of four positions are interleaved; values are not.
          let key = base + (slot >> 2) * headSize * 4 + (slot & 3);
          let value = base + (pageKeys + slot) * headSize;
          for (let i = 0; i < headSize; i++, from++, key += 4, value++) {
            floats[key] = keys[from]!;
            floats[value] = values[from]!;
          }
          base += headStride;
        }
      }
    }
  }

  /** Counts the new positions of the step as filled. */
  commit(): void {
    for (const { sequence, numQueries } of this.#jobs) sequence.length += numQueries;
    this.#jobs = [];
  }

  /** Ends the threads. */
  close(): Promise<void> {
    return this.#team.close();
  }

  #takePage(): number {
    const free = this.#freePages.pop();
    if (free !== undefined) return free;
    const page = this.#end;
    this.#end += this.#pageBytes;
    this.#numPages++;
    this.#reserve(this.#end);
    return page;
  }

  /** Moves the lists of a step behind the pages when they outgrow their place. */
  #reserveLists(numBytes: number): void {
    if (numBytes <= this.#listBytes) return;
    this.#listBytes = alignUp(2 * numBytes);
    this.#lists = this.#end;
    this.#end += this.#listBytes;
    this.#reserve(this.#end);
  }

  #reserve(numBytes: number): void {
    const missing = numBytes - this.#team.memory.buffer.byteLength;
    if (missing > 0) {
      // A quarter more than needed, as growing moves the memory.
      const wanted = Math.ceil(missing / wasmPageBytes);
      const spare = Math.ceil(numBytes / 4 / wasmPageBytes);
      const free = maxMemoryPages - this.#team.memory.buffer.byteLength / wasmPageBytes;
      if (wanted > free) {
        throw new RangeError(
          `AttentionCache: keys and values must fit into 4 GiB, got ${numBytes} bytes`,
        );
      }
      this.#team.memory.grow(Math.min(wanted + spare, free));
    }
    if (this.#floats.buffer !== this.#team.memory.buffer) {
      this.#floats = new Float32Array(this.#team.memory.buffer);
      this.#words = new Int32Array(this.#team.memory.buffer);
    }
  }
}
