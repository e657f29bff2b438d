import { checkInteger } from "@turnwise/core";

const size = 624;
const shift = 397;

/**
 * numpy's `RandomState`, as far as the order of games needs it: the Mersenne Twister MT19937, seeded
 * with one number, and its way to shuffle a list.
 */
export class NumpyRandomState {
  readonly #state = new Uint32Array(size);
  #next = size;

  /** @param seed - A whole number in [0, 2^32 - 1]. */
  constructor(seed: number) {
    checkInteger("NumpyRandomState", { seed }, { min: 0, max: 0xffffffff });
    this.#state[0] = seed;
    for (let i = 1; i < size; i++) {
      const before = this.#state[i - 1]!;
      this.#state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** The next word, a whole number in [0, 2^32 - 1]. */
  word(): number {
    if (this.#next === size) this.#refill();
    let word = this.#state[this.#next++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** A whole number in [0, limit], by drawing as many bits as it has until they fit. */
  upTo(limit: number): number {
    if (limit === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(limit);
    for (;;) {
      const value = (this.word() & mask) >>> 0;
      if (value <= limit) return value;
    }
  }

  /** Shuffles a list in place: from its end, each entry changes places with one not after it. */
  shuffle(values: unknown[]): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.upTo(i);
      [values[i], values[j]] = [values[j], values[i]];
    }
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < size; i++) {
      const word = (state[i]! & 0x80000000) | (state[(i + 1) % size]! & 0x7fffffff);
      state[i] = state[(i + shift) % size]! ^ (word >>> 1) ^ (word & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}
