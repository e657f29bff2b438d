import { checkInteger } from "@turnwise/core";
import { MersenneTwister } from "../python/mersenne-twister.ts";

/**
 * numpy's `RandomState`, as far as the order of games needs it: the Mersenne Twister MT19937, seeded
 * with one number, and its way to shuffle a list.
 */
export class NumpyRandomState {
  readonly #twister = new MersenneTwister();

  /** @param seed - A whole number in [0, 2^32 - 1]. */
  constructor(seed: number) {
    checkInteger("NumpyRandomState", { seed }, { min: 0, max: 0xffffffff });
    this.#twister.seedWithWord(seed);
  }

  /** The next word, a whole number in [0, 2^32 - 1]. */
  word(): number {
    return this.#twister.word();
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
}
