import { checkInteger } from "@turnwise/core";
import { MersenneTwister } from "./mersenne-twister.ts";

/** numpy's `RandomState`, as far as ALFWorld orders its games and verl-agent draws its goals with it. */
export class NumpyRandom {
  readonly #twister = new MersenneTwister();

  /** @param seed - A whole number in [0, 2^32 - 1]. */
  constructor(seed: number) {
    checkInteger("NumpyRandom", { seed }, { min: 0, max: 2 ** 32 - 1 });
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

  /** `permutation(size)`: the whole numbers below `size` in random order. */
  permutation(size: number): number[] {
    checkInteger("NumpyRandom.permutation", { size }, { min: 0, max: 2 ** 31 });
    const order = Array.from({ length: size }, (_, i) => i);
    this.shuffle(order);
    return order;
  }

  /**
   * `choice(range(low, high), count, replace=False)`.
   * @throws `RangeError` if there are not so many.
   */
  choice(low: number, high: number, count: number): number[] {
    checkInteger("NumpyRandom.choice", { count }, { min: 0, max: high - low });
    return this.permutation(high - low)
      .slice(0, count)
      .map((offset) => low + offset);
  }
}
