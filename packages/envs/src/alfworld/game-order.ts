import { checkInteger } from "@turnwise/core";
import { NumpyRandom } from "../python/numpy-random.ts";

/**
 * Yields the infinite order in which ALFWorld's own code draws games for a seed: a shuffle of all
 * games, then a shuffle of the result, and so on (`gym` interface of TextWorld, numpy's
 * `RandomState`).
 *
 * @param numGames - Number of games, `>= 1`, in the order of their sorted paths.
 * @param seed - An integer in [0, 2^32 - 1]. ALFWorld's default is 1234.
 * @returns Indices in `[0, numGames)`.
 */
export function* gameOrder(numGames: number, seed: number): Generator<number, never, void> {
  checkInteger("gameOrder", { numGames }, { min: 1 });
  const random = new NumpyRandom(seed);
  const order = Array.from({ length: numGames }, (_, index) => index);
  for (;;) {
    random.shuffle(order);
    yield* order;
  }
}
