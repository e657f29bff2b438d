/**
 * The 32-bit Mersenne Twister (MT19937), the generator of Python's `random` and of numpy's
 * `RandomState`, which differ in how they seed it and use its output.
 *
 * @see M. Matsumoto, T. Nishimura (1998)
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(624);
  #position = 624;

  /** Seeds the generator with one 32-bit word, as numpy does. */
  seedWithWord(seed: number): void {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const previous = state[i - 1]!;
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
    this.#position = 624;
  }

  /** Seeds the generator with a list of 32-bit words, at least one, as CPython does. */
  seedWithWords(key: readonly number[]): void {
    const state = this.#state;
    this.seedWithWord(19650218);
    let i = 1;
    let j = 0;
    const wrap = (): void => {
      if (++i < 624) return;
      state[0] = state[623]!;
      i = 1;
    };
    for (let round = Math.max(624, key.length); round > 0; round--) {
      const previous = state[i - 1]!;
      state[i] = (state[i]! ^ Math.imul(previous ^ (previous >>> 30), 1664525)) + key[j]! + j;
      wrap();
      j = (j + 1) % key.length;
    }
    for (let round = 623; round > 0; round--) {
      const previous = state[i - 1]!;
      state[i] = (state[i]! ^ Math.imul(previous ^ (previous >>> 30), 1566083941)) - i;
      wrap();
    }
    state[0] = 0x80000000;
  }

  /** Next 32-bit word, uniform in [0, 2^32). */
  word(): number {
    if (this.#position >= 624) this.#twist();
    let y = this.#state[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < 624; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % 624]! & 0x7fffffff);
      state[i] = state[(i + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }
}
