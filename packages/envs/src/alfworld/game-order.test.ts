import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gameOrder } from "./game-order.ts";
import { NumpyRandom } from "../python/numpy-random.ts";

describe("NumpyRandom", () => {
  it("produces the words of MT19937 for its authors' seed", () => {
    // The first outputs for the default seed, and the 10,000th, which the C++ standard specifies
    // for std::mt19937.
    const random = new NumpyRandom(5489);
    expect([random.word(), random.word(), random.word()]).toEqual([
      3499211612, 581869302, 3890346734,
    ]);
    for (let i = 4; i < 10_000; i++) random.word();
    expect(random.word()).toBe(4123659995);
  });

  it("draws integers up to and including a limit", () => {
    const random = new NumpyRandom(1);
    const drawn = new Set(Array.from({ length: 500 }, () => random.upTo(5)));
    expect([...drawn].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(random.upTo(0)).toBe(0);
  });

  it("rejects seeds that numpy rejects", () => {
    for (const seed of [-1, 2 ** 32, 0.5, Number.NaN]) {
      expect(() => new NumpyRandom(seed)).toThrow(RangeError);
    }
  });
});

describe("gameOrder", () => {
  it("plays every game once before repeating any", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        (numGames, seed) => {
          const order = gameOrder(numGames, seed);
          for (let pass = 0; pass < 3; pass++) {
            const drawn = Array.from({ length: numGames }, () => order.next().value);
            expect([...drawn].sort((a, b) => a - b)).toEqual([...drawn.keys()]);
          }
        },
      ),
    );
  });

  it("is determined by the seed", () => {
    const draw = (seed: number): number[] => {
      const order = gameOrder(100, seed);
      return Array.from({ length: 100 }, () => order.next().value);
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it("requires at least one game", () => {
    expect(() => gameOrder(0, 1).next()).toThrow(
      "gameOrder: numGames must be a whole number >= 1, got 0",
    );
  });
});
