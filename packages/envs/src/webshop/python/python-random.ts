import { checkInteger } from "@turnwise/core";
import { MersenneTwister } from "../../python/mersenne-twister.ts";

/**
 * Python's `random.Random`, draw for draw: WebShop's code uses it for the order of goals, prices
 * and sessions. Use core's `Random` for anything that need not reproduce WebShop's code.
 */
export class PythonRandom {
  readonly #twister = new MersenneTwister();

  /** @param seed - As in `random.seed(seed)`: an integer; its sign is ignored. */
  constructor(seed: number) {
    this.seed(seed);
  }

  /** Restarts the generator, like `random.seed(seed)`. */
  seed(seed: number): void {
    checkInteger("PythonRandom", { seed });
    const words: number[] = [];
    for (let rest = Math.abs(seed); rest > 0; rest = Math.floor(rest / 2 ** 32)) {
      words.push(rest % 2 ** 32);
    }
    this.#twister.seedWithWords(words.length > 0 ? words : [0]);
  }

  /** `random.random()`: uniform in [0, 1), 53 random bits. */
  random(): number {
    const high = this.#twister.word() >>> 5;
    return (high * 67108864 + (this.#twister.word() >>> 6)) / 9007199254740992;
  }

  /** `random.uniform(low, high)`. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** `random.getrandbits(bits)` for 1 to 32 bits. */
  bits(bits: number): number {
    checkInteger("PythonRandom.bits", { bits }, { min: 1, max: 32 });
    return this.#twister.word() >>> (32 - bits);
  }

  /** `random.randrange(limit)` for a limit in [1, 2^32). */
  integerBelow(limit: number): number {
    checkInteger("PythonRandom.below", { limit }, { min: 1, max: 2 ** 32 - 1 });
    const bits = 32 - Math.clz32(limit);
    let value = this.bits(bits);
    while (value >= limit) value = this.bits(bits);
    return value;
  }

  /** `random.shuffle(values)`: shuffles the list in place. */
  shuffle(values: { [index: number]: unknown; readonly length: number }): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integerBelow(i + 1);
      const moved = values[i];
      values[i] = values[j];
      values[j] = moved;
    }
  }

  /**
   * `random.sample(range(size), count)`: distinct integers below `size`, in drawn order.
   * @throws `RangeError` if `count` is larger than `size`.
   */
  sample(size: number, count: number): number[] {
    checkInteger("PythonRandom.sample", { count }, { min: 0, max: size });
    // CPython keeps a list of the remaining values or, if that would be larger, a set of the drawn
    // ones.
    const limit = 21 + (count > 5 ? 4 ** Math.ceil(Math.log(count * 3) / Math.log(4)) : 0);
    if (size <= limit) {
      const pool = Array.from({ length: size }, (_, i) => i);
      return Array.from({ length: count }, (_, i) => {
        const j = this.integerBelow(size - i);
        const taken = pool[j]!;
        pool[j] = pool[size - i - 1]!;
        return taken;
      });
    }
    const taken = new Set<number>();
    while (taken.size < count) taken.add(this.integerBelow(size));
    return [...taken];
  }

  /** `random.choices(values, k=count)`, joined: `count` random letters of `letters`. */
  letters(letters: string, count: number): string {
    let text = "";
    for (let i = 0; i < count; i++) text += letters[Math.floor(this.random() * letters.length)];
    return text;
  }
}
