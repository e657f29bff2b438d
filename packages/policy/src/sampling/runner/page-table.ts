/** The keys and values of one growing sequence. */
export interface CachedSequence {
  /** Its pages, in order; other sequences that begin alike may hold the same ones. */
  readonly pages: number[];
  /** Positions that are filled, in all layers. */
  length: number;
}

/** The memory behind a {@link PageTable}. */
export interface PageMemory {
  /** Makes room for a page that was never in use before; pages are numbered from 0. */
  reserve(page: number): void;
  /** Copies what a page holds, in all layers, over what another one holds. */
  copy(from: number, to: number): void;
}

/** Options of {@link PageTable}. */
export interface PageTableOptions {
  /** Bytes of a page: the keys and values of its positions, in all layers. */
  readonly pageBytes: number;
  /** The most pages that can be in use. */
  readonly maxPages: number;
  readonly memory: PageMemory;
}

/** How many positions a page holds. */
export const pagePositions = 64;

/**
 * Who holds which pages of keys and values. Sequences that begin alike share pages; who writes into a
 * shared page gets a copy of it first.
 */
export class PageTable {
  readonly pageBytes: number;
  readonly maxPages: number;
  readonly #memory: PageMemory;
  readonly #freePages: number[] = [];
  /** How many sequences hold a page. */
  readonly #uses = new Map<number, number>();
  #numPages = 0;

  constructor({ pageBytes, maxPages, memory }: PageTableOptions) {
    this.pageBytes = pageBytes;
    this.maxPages = maxPages;
    this.#memory = memory;
  }

  /** Pages that sequences hold, shared ones counted once. */
  get numUsedPages(): number {
    return this.#uses.size;
  }

  /** How many pages a sequence of so many positions takes. */
  pagesOf(numPositions: number): number {
    return Math.ceil(numPositions / pagePositions);
  }

  /** An empty sequence. */
  create(): CachedSequence {
    return { pages: [], length: 0 };
  }

  /** Shortens a sequence to its first positions. */
  truncate(sequence: CachedSequence, length: number): void {
    for (const page of sequence.pages.splice(this.pagesOf(length))) this.#giveBack(page);
    sequence.length = Math.min(sequence.length, length);
  }

  /** Gives the pages of a sequence back. */
  release(sequence: CachedSequence): void {
    this.truncate(sequence, 0);
  }

  /** Gives an empty sequence the first positions of another one, in the same pages. */
  sharePrefix(from: CachedSequence, to: CachedSequence, length: number): void {
    for (const page of from.pages.slice(0, this.pagesOf(length))) {
      this.#uses.set(page, this.#uses.get(page)! + 1);
      to.pages.push(page);
    }
    to.length = length;
  }

  /** How many pages that nobody holds a sequence takes to grow by so many positions. */
  pagesToExtend(sequence: CachedSequence, numPositions: number): number {
    const numMissing = this.pagesOf(sequence.length + numPositions) - sequence.pages.length;
    return Math.max(0, numMissing) + (this.#isNextPageShared(sequence) ? 1 : 0);
  }

  /**
   * Takes the pages for a sequence to grow by so many positions.
   * @returns Whether there were enough; otherwise nothing is taken.
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
   * {@link extend}, where there must be room.
   * @throws `RangeError` if there is not; call {@link extend} first.
   */
  mustExtend(where: string, sequence: CachedSequence, numPositions: number): void {
    if (this.extend(sequence, numPositions)) return;
    throw new RangeError(
      `${where}: pages must be at most ${this.maxPages}, got ${this.numUsedPages} in use and a sequence that needs ${this.pagesToExtend(sequence, numPositions)} more`,
    );
  }

  /**
   * Counts positions that a step has computed as filled, unless the sequence was released meanwhile.
   * @param start - Positions that were filled before the step.
   */
  commit(sequence: CachedSequence, start: number, numPositions: number): void {
    if (sequence.pages.length >= this.pagesOf(start + numPositions)) {
      sequence.length += numPositions;
    }
  }

  /** Whether the next position falls into a page that another sequence holds as well. */
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
