/** A map that keeps only the entries that were asked for last. */
export class RecentCache<K, V> {
  readonly #capacity: number;
  readonly #entries = new Map<K, V>();

  /** @param capacity - The most entries to keep, `>= 1`. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The value of a key, which becomes the most recent one. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Forgets a key. */
  delete(key: K): void {
    this.#entries.delete(key);
  }

  /** Keeps a value, and forgets the one that was not asked for the longest time. */
  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#capacity) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
  }
}
