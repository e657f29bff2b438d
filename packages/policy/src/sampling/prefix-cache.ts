import type { CachedSequence, PageTable } from "./runner/page-table.ts";

/** Cached sequence with its tokens; modified only by {@link PrefixCache}. */
export interface PrefixCacheEntry {
  readonly cached: CachedSequence;
  /** Token at each filled position. */
  tokens: number[];
  /** True while a request uses the sequence. */
  isBusy: boolean;
  /** True if the sequence must be discarded as soon as no request uses it. */
  isReleased: boolean;
}

/** Minimum length of a shared prefix; shorter ones are cheaper to recompute than to manage. */
const minSharedTokens = 16;

/**
 * Length of the prefix that a prompt shares with another sequence, or 0 if sharing it is not
 * worthwhile.
 * @param known - Tokens of the other sequence.
 * @param numKept - Number of the prompt's tokens that are already cached.
 * @returns Number of tokens. Never includes the last token of the prompt, which must always be
 *   computed because its logits give the first token of the response.
 */
export function countSharedTokens(
  known: readonly number[],
  promptTokens: readonly number[],
  numKept: number,
): number {
  // Compare the last required token first, which excludes most candidates immediately.
  const needed = numKept + minSharedTokens;
  if (needed >= promptTokens.length || known[needed - 1] !== promptTokens[needed - 1]) return 0;
  const length = countCommonTokens(known, promptTokens, promptTokens.length - 1);
  return length >= needed ? length : 0;
}

/** Length of the common prefix of two lists, at most `limit`. */
function countCommonTokens(a: readonly number[], b: readonly number[], limit: number): number {
  const end = Math.min(limit, a.length, b.length);
  let length = 0;
  while (length < end && a[length] === b[length]) length++;
  return length;
}

/**
 * Prefix cache of a sampler: named sequences, which are kept between requests, and sequences of
 * single requests.
 */
export class PrefixCache {
  readonly #pages: PageTable;
  /** Named sequences, least recently used first. */
  readonly #named = new Map<string, PrefixCacheEntry>();
  readonly #all = new Set<PrefixCacheEntry>();

  constructor(pages: PageTable) {
    this.#pages = pages;
  }

  /**
   * Acquires a sequence for a request; it starts with the longest prefix of the prompt that is
   * cached in any sequence.
   * @throws `RangeError` if another request uses the sequence of this name.
   */
  acquire(sequenceId: string | undefined, promptTokens: readonly number[]): PrefixCacheEntry {
    const known = sequenceId === undefined ? undefined : this.#named.get(sequenceId);
    if (known?.isBusy) {
      throw new RangeError(
        `sample: sequenceId must have one request at a time, got a second one for ${sequenceId}`,
      );
    }
    const entry = known ?? {
      cached: this.#pages.create(),
      tokens: [],
      isBusy: true,
      isReleased: sequenceId === undefined,
    };
    entry.isBusy = true;
    this.#all.add(entry);
    if (sequenceId !== undefined) {
      // Move the entry to the end of the map, which makes it the most recently used.
      this.#named.delete(sequenceId);
      this.#named.set(sequenceId, entry);
    }
    const numKept = countCommonTokens(entry.tokens, promptTokens, promptTokens.length - 1);
    this.#pages.truncate(entry.cached, numKept);
    entry.tokens.length = numKept;
    this.shareLongest(entry, promptTokens);
    return entry;
  }

  /** Shares the longest cached prefix of a prompt with a busy sequence. */
  shareLongest(entry: PrefixCacheEntry, promptTokens: readonly number[]): void {
    let longest = 0;
    let best: PrefixCacheEntry | undefined;
    for (const other of this.#all) {
      const length =
        other === entry ? 0 : countSharedTokens(other.tokens, promptTokens, entry.tokens.length);
      if (length <= longest) continue;
      longest = length;
      best = other;
    }
    if (best) this.shareFrom(best, entry, promptTokens);
  }

  /**
   * Shares the prefix of a prompt from another sequence, if it is longer than the cached part of
   * the sequence.
   */
  shareFrom(from: PrefixCacheEntry, to: PrefixCacheEntry, promptTokens: readonly number[]): void {
    const length = countCommonTokens(from.tokens, promptTokens, promptTokens.length - 1);
    if (length <= to.tokens.length) return;
    this.#pages.truncate(to.cached, 0);
    this.#pages.sharePrefix(from.cached, to.cached, length);
    to.tokens = promptTokens.slice(0, length);
  }

  /** Records computed tokens, unless the sequence was discarded in the meantime. */
  append(entry: PrefixCacheEntry, tokens: readonly number[]): void {
    if (this.#all.has(entry)) entry.tokens.push(...tokens);
  }

  /** Ends a request's use of a sequence. */
  finish(entry: PrefixCacheEntry): void {
    entry.isBusy = false;
    if (entry.isReleased) this.#discard(entry);
  }

  /** Releases a sequence by name, as soon as no request uses it. Unknown names are ignored. */
  release(sequenceId: string): void {
    const entry = this.#named.get(sequenceId);
    if (!entry) return;
    this.#named.delete(sequenceId);
    entry.isReleased = true;
    if (!entry.isBusy) this.#discard(entry);
  }

  /** Empties a sequence whose cached contents are unknown. */
  reset(entry: PrefixCacheEntry): void {
    this.#pages.truncate(entry.cached, 0);
    entry.tokens = [];
  }

  /** Evicts the least recently used idle sequence. @returns False if there is no idle sequence. */
  evictOne(): boolean {
    for (const [sequenceId, entry] of this.#named) {
      if (entry.isBusy) continue;
      this.release(sequenceId);
      return true;
    }
    return false;
  }

  /** Number of sequences that no request uses. */
  get numIdle(): number {
    let count = 0;
    for (const entry of this.#named.values()) if (!entry.isBusy) count++;
    return count;
  }

  /** Evicts all idle sequences. */
  clear(): void {
    while (this.evictOne());
  }

  #discard(entry: PrefixCacheEntry): void {
    this.#all.delete(entry);
    this.#pages.release(entry.cached);
    entry.tokens = [];
  }
}
