import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  finiteDifferences,
  forestAttention,
  gradients,
  interpret,
  layoutForest,
  trace,
  type Feeds,
  type Program,
} from "./index.ts";

const [heads, keyHeads, size] = [4, 2, 2];

const program: Program = trace((g) => {
  const query = g.input("query", "float32", ["node", heads, size]);
  const key = g.input("key", "float32", ["node", keyHeads, size]);
  const value = g.input("value", "float32", ["node", keyHeads, size]);
  const y = forestAttention(g, { query, key, value });
  const loss = g.reduceSum(g.multiply(y, g.input("weights", "float32", ["node", heads, size])));
  const [dQuery, dKey, dValue] = gradients(g, loss, [query, key, value]);
  return { y, loss, query: dQuery!, key: dKey!, value: dValue! };
});

/** Random forests: each branch continues after any earlier token, or starts a new tree. */
const forests = (maxBranches: number, maxLength: number): fc.Arbitrary<Int32Array> =>
  fc
    .array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: maxLength })), {
      minLength: 1,
      maxLength: maxBranches,
    })
    .map((branches) => {
      const parents: number[] = [];
      for (const [from, length] of branches) {
        const first = (from % (parents.length + 1)) - 1;
        for (let i = 0; i < length; i++) parents.push(i === 0 ? first : parents.length - 1);
      }
      return Int32Array.from(parents);
    });

const numbers = (count: number): fc.Arbitrary<Float64Array> =>
  fc
    .array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: count, maxLength: count })
    .map((entries) => Float64Array.from(entries));

const cases = (maxBranches: number, maxLength: number): fc.Arbitrary<[Int32Array, Feeds]> =>
  forests(maxBranches, maxLength).chain((parents) => {
    const tensor = (count: number): fc.Arbitrary<Feeds[string]> =>
      numbers(parents.length * count * size).map((data) => ({
        data,
        shape: [parents.length, count, size],
      }));
    return fc
      .record({
        query: tensor(heads),
        key: tensor(keyHeads),
        value: tensor(keyHeads),
        weights: tensor(heads),
      })
      .map((given) => {
        const { feeds, gradientFeeds } = layoutForest(parents);
        return [parents, { ...given, ...feeds, ...gradientFeeds }];
      });
  });

/** Reference implementation of attention, token by token and head by head. */
function slowAttention(parents: Int32Array, { query, key, value }: Feeds): number[] {
  const result: number[] = [];
  for (let token = 0; token < parents.length; token++) {
    const seen: number[] = [];
    for (let at = token; at >= 0; at = parents[at]!) seen.push(at);
    for (let head = 0; head < heads; head++) {
      const keyHead = Math.floor((head * keyHeads) / heads);
      const weights = seen.map((at) => {
        let score = 0;
        for (let i = 0; i < size; i++) {
          score +=
            query!.data[(token * heads + head) * size + i]! *
            key!.data[(at * keyHeads + keyHead) * size + i]!;
        }
        return Math.exp(score / Math.sqrt(size));
      });
      const total = weights.reduce((a, b) => a + b);
      for (let i = 0; i < size; i++) {
        let sum = 0;
        seen.forEach((at, j) => {
          sum += (weights[j]! / total) * value!.data[(at * keyHeads + keyHead) * size + i]!;
        });
        result.push(sum);
      }
    }
  }
  return result;
}

describe("forestAttention", () => {
  it("equals its definition, in any forest", () => {
    fc.assert(
      fc.property(cases(6, 30), ([parents, feeds]) => {
        const { y } = interpret(program, feeds);
        const expected = slowAttention(parents, feeds);
        expected.forEach((entry, i) => expect(y!.data[i]).toBeCloseTo(entry, 9));
      }),
      { numRuns: 30 },
    );
  });

  it("has the gradients found by finite differences", () => {
    fc.assert(
      fc.property(cases(4, 5), ([, feeds]) => {
        const found = interpret(program, feeds);
        for (const name of ["query", "key", "value"]) {
          finiteDifferences(program, feeds, "loss", name).forEach((entry, i) =>
            expect(found[name]!.data[i]).toBeCloseTo(entry, 5),
          );
        }
      }),
      { numRuns: 5 },
    );
  });

  it("reports inputs that do not fit", () => {
    trace((g) => {
      const query = g.input("query", "float32", ["node", heads, size]);
      const key = g.input("key", "float32", ["node", 3, size]);
      expect(() => forestAttention(g, { query, key, value: key })).toThrow(
        "forestAttention: query must be [token, heads, size], key and value [token, keyHeads, size], got shapes [node, 4, 2], [node, 3, 2], [node, 3, 2]",
      );
      return { query };
    });
  });
});

describe("layoutForest", () => {
  it("reads only the paths of its tiles, apart from padding", () => {
    // One branch of 64 tokens: tiles of 16 queries read 16, 32, ... keys.
    const chain = Int32Array.from({ length: 64 }, (_, i) => i - 1);
    const { slots, numScores, numTokens } = layoutForest(chain);
    expect(numTokens).toBe(64);
    const numTiles = 64 / slots;
    expect(numScores).toBe((slots * slots * (numTiles * (numTiles + 1))) / 2);
  });

  it("refuses parents that do not precede their children", () => {
    expect(() => layoutForest(new Int32Array())).toThrow("parents must not be empty");
    expect(() => layoutForest(Int32Array.of(-1, 1))).toThrow(
      "layoutForest: parents[1] must be in [-1, 0], got 1",
    );
  });
});
