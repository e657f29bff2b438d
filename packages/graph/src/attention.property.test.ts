import { expectAllNear } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  attention,
  causalBias,
  interpret,
  trace,
  type AttentionInputs,
  type AttentionOptions,
  type Feeds,
  type Tensor,
  type Tracer,
} from "./index.ts";

const [batch, heads, keyHeads, size] = [2, 4, 2, 2];

function declare(g: Tracer): AttentionInputs {
  return {
    query: g.input("query", "float32", [batch, "time", heads, size]),
    key: g.input("key", "float32", [batch, "keys", keyHeads, size]),
    value: g.input("value", "float32", [batch, "keys", keyHeads, size]),
  };
}

function run(
  feeds: Feeds,
  options: (g: Tracer) => AttentionOptions,
  inputs: (g: Tracer) => AttentionInputs = declare,
): Float64Array {
  return interpret(
    trace((g) => ({ y: attention(g, inputs(g), options(g)) })),
    feeds,
  ).y.data;
}

/**
 * Reference implementation of attention, one head at a time. `sees(row, query, key)` returns a
 * bias.
 */
function slowAttention(
  { query, key, value }: Feeds,
  sees: (row: number, query: number, key: number) => number,
): number[] {
  const time = query!.shape[1]!;
  const keys = key!.shape[1]!;
  const result: number[] = [];
  for (let row = 0; row < batch; row++) {
    for (let t = 0; t < time; t++) {
      for (let head = 0; head < heads; head++) {
        const keyHead = Math.floor((head * keyHeads) / heads);
        const q = (i: number): number => query!.data[((row * time + t) * heads + head) * size + i]!;
        const at = (k: number, i: number): number =>
          ((row * keys + k) * keyHeads + keyHead) * size + i;
        const weights = Array.from({ length: keys }, (_, k) => {
          let score = 0;
          for (let i = 0; i < size; i++) score += q(i) * key!.data[at(k, i)]!;
          return Math.exp(score / Math.sqrt(size) + sees(row, t, k));
        });
        const total = weights.reduce((a, b) => a + b);
        for (let i = 0; i < size; i++) {
          let sum = 0;
          weights.forEach((weight, k) => (sum += (weight / total) * value!.data[at(k, i)]!));
          result.push(sum);
        }
      }
    }
  }
  return result;
}

function feedsOf(
  time: number,
  keys: number,
): fc.Arbitrary<Record<"query" | "key" | "value", Feeds[string]>> {
  const tensor = (length: number, count: number): fc.Arbitrary<Feeds[string]> =>
    fc
      .array(fc.double({ min: -3, max: 3, noNaN: true }), {
        minLength: batch * length * count * size,
        maxLength: batch * length * count * size,
      })
      .map((entries) => ({
        data: Float64Array.from(entries),
        shape: [batch, length, count, size],
      }));
  return fc.record({
    query: tensor(time, heads),
    key: tensor(keys, keyHeads),
    value: tensor(keys, keyHeads),
  });
}

const lengths = fc.integer({ min: 1, max: 5 });

describe("attention", () => {
  it("equals its definition, without a mask", () => {
    fc.assert(
      fc.property(
        fc.tuple(lengths, lengths).chain(([time, keys]) => feedsOf(time, keys)),
        (feeds) =>
          expectAllNear(
            "attention",
            run(feeds, () => ({})),
            slowAttention(feeds, () => 0),
          ),
      ),
      { numRuns: 30 },
    );
  });

  it("masks later tokens when causal, with any number of blocks", () => {
    const causal = (g: Tracer): AttentionInputs => ({
      ...declare(g),
      key: g.reshape(g.input("k", "float32", [batch, "time", keyHeads, size]), [
        batch,
        "time",
        keyHeads,
        size,
      ]),
      value: g.input("v", "float32", [batch, "time", keyHeads, size]),
    });
    fc.assert(
      fc.property(
        lengths.chain((time) => feedsOf(time, time)),
        fc.integer({ min: 1, max: 6 }),
        (feeds, blocks) => {
          const expected = slowAttention(feeds, (_, t, k) => (k > t ? -Infinity : 0));
          const all = { ...feeds, k: feeds.key, v: feeds.value };
          expectAllNear(
            "attention",
            run(all, () => ({ causal: true, blocks }), causal),
            expected,
          );
          expectAllNear(
            "attention",
            run(feeds, (g) => ({ bias: causalBias(g, { time: "time", keys: "keys" }) })),
            expected,
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it("ignores keys after a row's length, whatever finite values they hold", () => {
    fc.assert(
      fc.property(
        fc
          .tuple(lengths, lengths)
          .chain(([time, keys]) =>
            fc.tuple(
              feedsOf(time, keys),
              fc.array(fc.integer({ min: 1, max: keys }), { minLength: batch, maxLength: batch }),
            ),
          ),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        ([feeds, filled], junk) => {
          const options = (g: Tracer): AttentionOptions => {
            const rows = g.input("lengths", "int32", [batch]);
            // With `start` after all keys, nothing is masked.
            const start = g.size("keys");
            return { bias: causalBias(g, { time: "time", keys: "keys", start, lengths: rows }) };
          };
          const lengthFeed = { data: Int32Array.from(filled), shape: [batch] };
          const before = run({ ...feeds, lengths: lengthFeed }, options);
          const spoil = ({ data, shape }: Feeds[string]): Feeds[string] => ({
            shape,
            data: Float64Array.from(data, (entry, i) => {
              const place = Math.floor(i / (keyHeads * size));
              const row = Math.floor(place / shape[1]!);
              return place % shape[1]! < filled[row]! ? entry : junk;
            }),
          });
          const spoiled = { ...feeds, key: spoil(feeds.key), value: spoil(feeds.value) };
          expectAllNear("attention", run({ ...spoiled, lengths: lengthFeed }, options), before);
          expectAllNear(
            "attention",
            before,
            slowAttention(feeds, (row, _, k) => (k < filled[row]! ? 0 : -Infinity)),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it("returns the same for the last queries with the rest as the past", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }).chain((time) => feedsOf(time, time)),
        (feeds) => {
          const time = feeds.query.shape[1]!;
          const whole = slowAttention(feeds, (_, t, k) => (k > t ? -Infinity : 0));
          const last = (g: Tracer, x: Tensor): Tensor => g.slice(x, 1, time - 1);
          const program = trace((g) => {
            const inputs = {
              query: g.input("query", "float32", [batch, time, heads, size]),
              key: g.input("key", "float32", [batch, time, keyHeads, size]),
              value: g.input("value", "float32", [batch, time, keyHeads, size]),
            };
            const pastOf = (x: Tensor): Tensor =>
              g.transpose(g.slice(x, 1, 0, time - 1), [0, 2, 1, 3]);
            const past = { key: pastOf(inputs.key), value: pastOf(inputs.value) };
            const start = g.constant(time - 1, { dtype: "int32" });
            const y = attention(
              g,
              {
                query: last(g, inputs.query),
                key: last(g, inputs.key),
                value: last(g, inputs.value),
              },
              { past, bias: causalBias(g, { time: 1, keys: time, start }) },
            );
            return { y };
          });
          const expected = whole.filter(
            (_, i) => Math.floor(i / (heads * size)) % time === time - 1,
          );
          expectAllNear("attention", interpret(program, feeds).y.data, expected);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("reports inputs that do not fit", () => {
    trace((g) => {
      const { query, key, value } = declare(g);
      expect(() =>
        attention(g, { query: g.reshape(query, [batch, "time", heads * size]), key, value }),
      ).toThrow(
        "attention: query must be [batch, time, heads, size], key and value [batch, keys, keyHeads, size], bias [time, keys] or [batch, time, keys], got shapes",
      );
      expect(() => attention(g, { query, key, value }, { causal: true })).toThrow(
        "attention: causal attention must have as many keys as queries and no past, got time queries and keys keys",
      );
      expect(() => attention(g, { query, key, value }, { blocks: 0 })).toThrow(
        "attention: blocks must be a whole number >= 1, got 0",
      );
      return { query };
    });
  });
});
