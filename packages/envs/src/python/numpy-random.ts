import { checkInteger } from "@turnwise/core";
import { MersenneTwister } from "./mersenne-twister.ts";

/**
 * The part of numpy's `RandomState` with which ALFWorld orders its games and verl-agent draws its
 * goals.
 */
export class NumpyRandom {
  readonly #twister = new MersenneTwister();

  /** @param seed - An integer in [0, 2^32 - 1]. */
  constructor(seed: number) {
    checkInteger("NumpyRandom", { seed }, { min: 0, max: 2 ** 32 - 1 });
    this.#twister.seedWithWord(seed);
  }

  /** Next word, an integer in [0, 2^32 - 1]. */
  word(): number {
    return this.#twister.word();
  }

  /**
   * Random integer in [0, limit], by rejection: draws as many bits as the limit has, until they
   * form a number in range.
   */
  upTo(limit: number): number {
    if (limit === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(limit);
    for (;;) {
      const value = (this.word() & mask) >>> 0;
      if (value <= limit) return value;
    }
  }

  /** Shuffles a list in place: from the end, swaps each entry with one at or before it. */
  shuffle(values: unknown[]): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.upTo(i);
      [values[i], values[j]] = [values[j], values[i]];
    }
  }

  /** `permutation(size)`: the integers below `size` in random order. */
  permutation(size: number): number[] {
    checkInteger("NumpyRandom.permutation", { size }, { min: 0, max: 2 ** 31 });
    const order = Array.from({ length: size }, (_, i) => i);
    this.shuffle(order);
    return order;
  }

  /**
   * `choice(range(low, high), count, replace=False)`.
   * @throws `RangeError` if the range has fewer than `count` integers.
   */
  choice(low: number, high: number, count: number): number[] {
    checkInteger("NumpyRandom.choice", { count }, { min: 0, max: high - low });
    return this.permutation(high - low)
      .slice(0, count)
      .map((offset) => low + offset);
  }
}
