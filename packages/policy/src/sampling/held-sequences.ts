import type { CachedSequence, PageTable } from "./runner/page-table.ts";

/** A sequence with the tokens whose keys and values are in the cache; {@link HeldSequences} changes it. */
export interface HeldSequence {
  readonly cached: CachedSequence;
  /** One for each filled position. */
  tokens: number[];
  /** Whether a request works on it. */
  isBusy: boolean;
  /** Whether it goes when no request works on it. */
  isReleased: boolean;
}

/** A shorter common beginning is computed again sooner than looked after. */
const minSharedTokens = 16;

/**
 * How many tokens of a prompt another sequence begins with, if that is worth a copy.
 * @param known - The tokens of the other sequence.
 * @param numKept - How many tokens of the prompt are there already.
 * @returns 0 if not worth it. The last token of the prompt never counts: it is always computed, as a
 *   response begins from its logits.
 */
export function sharedLength(
  known: readonly number[],
  promptTokens: readonly number[],
  numKept: number,
): number {
  // The first token that would make a difference rules most candidates out at once.
  const needed = numKept + minSharedTokens;
  if (needed >= promptTokens.length || known[needed - 1] !== promptTokens[needed - 1]) return 0;
  const length = commonLength(known, promptTokens, promptTokens.length - 1);
  return length >= needed ? length : 0;
}

/** How many tokens two lists have in common from the start, at most `limit`. */
function commonLength(a: readonly number[], b: readonly number[], limit: number): number {
  const end = Math.min(limit, a.length, b.length);
  let length = 0;
  while (length < end && a[length] === b[length]) length++;
  return length;
}

/** The sequences of a sampler: those with a name, kept between requests, and those of one request. */
export class HeldSequences {
  readonly #pages: PageTable;
  /** By name, the longest unused first. */
  readonly #named = new Map<string, HeldSequence>();
  readonly #all = new Set<HeldSequence>();

  constructor(pages: PageTable) {
    this.#pages = pages;
  }

  /**
   * Makes a sequence busy for a request, with as much of its prompt as some sequence already holds.
   * @throws `RangeError` if another request works on the sequence of this name.
   */
  acquire(sequenceId: string | undefined, promptTokens: readonly number[]): HeldSequence {
    const known = sequenceId === undefined ? undefined : this.#named.get(sequenceId);
    if (known?.isBusy) {
      throw new RangeError(
        `sample: sequenceId must have one request at a time, got a second one for ${sequenceId}`,
      );
    }
    const held = known ?? {
      cached: this.#pages.create(),
      tokens: [],
      isBusy: true,
      isReleased: sequenceId === undefined,
    };
    held.isBusy = true;
    this.#all.add(held);
    if (sequenceId !== undefined) {
      // Moves to the end of the map: used last.
      this.#named.delete(sequenceId);
      this.#named.set(sequenceId, held);
    }
    const numKept = commonLength(held.tokens, promptTokens, promptTokens.length - 1);
    this.#pages.truncate(held.cached, numKept);
    held.tokens.length = numKept;
    this.shareLongest(held, promptTokens);
    return held;
  }

  /** Gives a busy sequence as much of the beginning of some tokens as any other one holds. */
  shareLongest(held: HeldSequence, promptTokens: readonly number[]): void {
    let longest = 0;
    let best: HeldSequence | undefined;
    for (const other of this.#all) {
      const length =
        other === held ? 0 : sharedLength(other.tokens, promptTokens, held.tokens.length);
      if (length <= longest) continue;
      longest = length;
      best = other;
    }
    if (best) this.shareFrom(best, held, promptTokens);
  }

  /** Takes over what another sequence holds of the beginning of a prompt, if it is more. */
  shareFrom(from: HeldSequence, to: HeldSequence, promptTokens: readonly number[]): void {
    const length = commonLength(from.tokens, promptTokens, promptTokens.length - 1);
    if (length <= to.tokens.length) return;
    this.#pages.truncate(to.cached, 0);
    this.#pages.sharePrefix(from.cached, to.cached, length);
    to.tokens = promptTokens.slice(0, length);
  }

  /** Notes tokens that were computed. A sequence that was forgotten meanwhile stays so. */
  append(held: HeldSequence, tokens: readonly number[]): void {
    if (this.#all.has(held)) held.tokens.push(...tokens);
  }

  /** Ends the work on a sequence. */
  finish(held: HeldSequence): void {
    held.isBusy = false;
    if (held.isReleased) this.#discard(held);
  }

  /** Forgets a sequence by name, once no request works on it. Unknown names are fine. */
  release(sequenceId: string): void {
    const held = this.#named.get(sequenceId);
    if (!held) return;
    this.#named.delete(sequenceId);
    held.isReleased = true;
    if (!held.isBusy) this.#discard(held);
  }

  /** Empties a sequence of which it is not known how far it was computed. */
  reset(held: HeldSequence): void {
    this.#pages.truncate(held.cached, 0);
    held.tokens = [];
  }

  /** Forgets the longest unused of the sequences that no request works on. @returns Whether there was one. */
  forgetOne(): boolean {
    for (const [sequenceId, held] of this.#named) {
      if (held.isBusy) continue;
      this.release(sequenceId);
      return true;
    }
    return false;
  }

  /** How many sequences no request works on. */
  get numIdle(): number {
    let count = 0;
    for (const held of this.#named.values()) if (!held.isBusy) count++;
    return count;
  }

  /** Forgets all that no request works on. */
  clear(): void {
    while (this.forgetOne());
  }

  #discard(held: HeldSequence): void {
    this.#all.delete(held);
    this.#pages.release(held.cached);
    held.tokens = [];
  }
}
