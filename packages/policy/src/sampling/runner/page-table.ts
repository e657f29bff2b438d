/** Cached keys and values of one growing sequence. */
export interface CachedSequence {
  /** Pages of the sequence, in order; sequences with a common prefix may share pages. */
  readonly pages: number[];
  /** Number of filled positions, the same in all layers. */
  length: number;
}

/** Memory managed by a {@link PageTable}. */
export interface PageMemory {
  /** Allocates memory for a page before its first use; pages are numbered from 0. */
  reserve(page: number): void;
  /** Copies the contents of a page, in all layers, to another page. */
  copy(from: number, to: number): void;
}

/** Options of {@link PageTable}. */
export interface PageTableOptions {
  /** Size of a page in bytes: keys and values of its positions, in all layers. */
  readonly pageBytes: number;
  /** Maximum number of pages that can be in use. */
  readonly maxPages: number;
  readonly memory: PageMemory;
}

/** Number of positions per page. */
export const pagePositions = 64;

/**
 * Allocates pages for keys and values. Sequences with a common prefix share pages; a shared
 * page is copied before a sequence writes to it.
 */
export class PageTable {
  readonly pageBytes: number;
  readonly maxPages: number;
  readonly #memory: PageMemory;
  readonly #freePages: number[] = [];
  /** Number of sequences that use each page. */
  readonly #uses = new Map<number, number>();
  #numPages = 0;

  constructor({ pageBytes, maxPages, memory }: PageTableOptions) {
    this.pageBytes = pageBytes;
    this.maxPages = maxPages;
    this.#memory = memory;
  }

  /** Number of pages in use; shared pages count once. */
  get numUsedPages(): number {
    return this.#uses.size;
  }

  /** Number of pages needed for a number of positions. */
  pagesOf(numPositions: number): number {
    return Math.ceil(numPositions / pagePositions);
  }

  /** Creates an empty sequence. */
  create(): CachedSequence {
    return { pages: [], length: 0 };
  }

  /** Truncates a sequence to its first `length` positions. */
  truncate(sequence: CachedSequence, length: number): void {
    for (const page of sequence.pages.splice(this.pagesOf(length))) this.#giveBack(page);
    sequence.length = Math.min(sequence.length, length);
  }

  /** Releases the pages of a sequence. */
  release(sequence: CachedSequence): void {
    this.truncate(sequence, 0);
  }

  /** Shares the first positions of a sequence with an empty sequence. */
  sharePrefix(from: CachedSequence, to: CachedSequence, length: number): void {
    for (const page of from.pages.slice(0, this.pagesOf(length))) {
      this.#uses.set(page, this.#uses.get(page)! + 1);
      to.pages.push(page);
    }
    to.length = length;
  }

  /** Number of free pages needed to extend a sequence. */
  pagesToExtend(sequence: CachedSequence, numPositions: number): number {
    const numMissing = this.pagesOf(sequence.length + numPositions) - sequence.pages.length;
    return Math.max(0, numMissing) + (this.#isNextPageShared(sequence) ? 1 : 0);
  }

  /**
   * Allocates the pages to extend a sequence.
   * @returns False if there are too few pages; in that case nothing is allocated.
   */
  extend(sequence: CachedSequence, numPositions: number): boolean {
    const numNew = this.pagesToExtend(sequence, numPositions);
    if (numNew > this.maxPages - this.numUsedPages) return false;
    if (this.#isNextPageShared(sequence)) {
      const index = Math.floor(sequence.length / pagePositions);
      const shared = sequence.pages[index]!;
      const own = this.#takePage();
      this.#memory.copy(shared, own);
      sequence.pages[index] = own;
      this.#giveBack(shared);
    }
    const numPages = this.pagesOf(sequence.length + numPositions);
    while (sequence.pages.length < numPages) sequence.pages.push(this.#takePage());
    return true;
  }

  /**
   * Like {@link extend}, but throws if pages are missing.
   * @throws `RangeError` if there are too few pages; call {@link extend} first.
   */
  mustExtend(where: string, sequence: CachedSequence, numPositions: number): void {
    if (this.extend(sequence, numPositions)) return;
    throw new RangeError(
      `${where}: not enough pages: ${this.numUsedPages} of ${this.maxPages} are in use, and a sequence needs ${this.pagesToExtend(sequence, numPositions)} more`,
    );
  }

  /**
   * Marks the positions that a step computed as filled, unless the sequence was released in the
   * meantime.
   * @param start - Number of positions filled before the step.
   */
  commit(sequence: CachedSequence, start: number, numPositions: number): void {
    if (sequence.pages.length >= this.pagesOf(start + numPositions)) {
      sequence.length += numPositions;
    }
  }

  /** True if the next position is in a page shared with another sequence. */
  #isNextPageShared({ pages, length }: CachedSequence): boolean {
    const page = pages[Math.floor(length / pagePositions)];
    return page !== undefined && this.#uses.get(page)! > 1;
  }

  #takePage(): number {
    let page = this.#freePages.pop();
    if (page === undefined) {
      page = this.#numPages;
      this.#memory.reserve(page);
      this.#numPages++;
    }
    this.#uses.set(page, 1);
    return page;
  }

  #giveBack(page: number): void {
    const numUses = this.#uses.get(page)! - 1;
    if (numUses > 0) {
      this.#uses.set(page, numUses);
      return;
    }
    this.#uses.delete(page);
    this.#freePages.push(page);
  }
}
