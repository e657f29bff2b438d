/** Map that keeps only the most recently used entries. */
export class RecentCache<K, V> {
  readonly #capacity: number;
  readonly #entries = new Map<K, V>();

  /** @param capacity - Maximum number of entries, `>= 1`. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Returns the value of a key and makes it the most recently used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Removes a key. */
  delete(key: K): void {
    this.#entries.delete(key);
  }

  /** Stores a value, and evicts the least recently used entry if the cache is full. */
  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#capacity) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
  }
}
