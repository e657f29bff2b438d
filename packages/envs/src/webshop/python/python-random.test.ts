import { describe, expect, it } from "vitest";
import { goldenRows, hasReferenceData } from "../testing/reference-data.ts";
import { NumpyRandom } from "../../python/numpy-random.ts";
import { PythonRandom } from "./python-random.ts";

describe("PythonRandom", () => {
  it("produces the numbers that Python documents for a seed", () => {
    // random.seed(0); random.random()
    expect(new PythonRandom(0).random()).toBe(0.8444218515250481);
    expect(new PythonRandom(-1).random()).toBe(new PythonRandom(1).random());
  });

  it("rejects samples larger than the population", () => {
    expect(() => new PythonRandom(1).sample(3, 4)).toThrow(
      "count must be a whole number in [0, 3]",
    );
  });
});

describe.skipIf(!hasReferenceData)("random draws, compared with Python and numpy", () => {
  it("are equal for every golden seed", () => {
    for (const row of goldenRows("golden/python_random")) {
      const seed: number = row["seed"];
      const fresh = (): PythonRandom => new PythonRandom(seed);
      const again = fresh();
      expect(row["random"].map(() => again.random())).toEqual(row["random"]);
      const letters = "abcdefghijklmnopqrstuvwxyz";
      const drawn = fresh();
      expect(row["choices_lower10"].map(() => drawn.letters(letters, 10))).toEqual(
        row["choices_lower10"],
      );
      expect(fresh().sample(1000, 50)).toEqual(row["sample_1000_50_indices"]);
      const hundred = Array.from({ length: 100 }, (_, i) => i);
      fresh().shuffle(hundred);
      expect(hundred).toEqual(row["shuffle100"]);
      const bits = fresh();
      for (const [size, value] of row["getrandbits"]) expect(bits.bits(size)).toBe(value);
      const uniform = fresh();
      for (const value of row["uniform_10.99_18.99"]) {
        expect(uniform.uniform(10.99, 18.99)).toBe(value);
      }
      const pairs = fresh();
      for (const [size, values] of row["sample2"]) {
        expect(pairs.sample(size, 2).map((i) => 10 * (i + 1))).toEqual(values);
      }
    }
  });

  it("equal numpy's for every seed that numpy accepts", () => {
    for (const { seed, np_permutation20: order } of goldenRows("golden/python_random")) {
      if (seed >= 2 ** 32) continue;
      expect(new NumpyRandom(seed).permutation(20)).toEqual(order);
    }
  });

  it("select verl-agent's goals", () => {
    for (const { seed, is_train: isTrain, env_num: count, resets } of goldenRows(
      "golden/verl_reset_indices",
    )) {
      const random = new NumpyRandom(seed);
      const [low, high] = isTrain ? [500, 6910] : [0, 500];
      for (const indices of resets) expect(random.choice(low, high, count)).toEqual(indices);
    }
  });
});
