import { checkInteger } from "@turnwise/core";
import { MersenneTwister } from "../../python/mersenne-twister.ts";

/** numpy's `RandomState`, as far as verl-agent draws its goals with it. */
export class NumpyRandom {
  readonly #twister = new MersenneTwister();

  /** @param seed - In [0, 2^32). */
  constructor(seed: number) {
    checkInteger("NumpyRandom", { seed }, { min: 0, max: 2 ** 32 - 1 });
    this.#twister.seedWithWord(seed);
  }

  /** `permutation(size)`: the whole numbers below `size` in random order. */
  permutation(size: number): number[] {
    checkInteger("NumpyRandom.permutation", { size }, { min: 0, max: 2 ** 31 });
    const order = Array.from({ length: size }, (_, i) => i);
    for (let i = size - 1; i > 0; i--) {
      const mask = 2 ** (32 - Math.clz32(i)) - 1;
      let j = this.#twister.word() & mask;
      while (j > i) j = this.#twister.word() & mask;
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
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
