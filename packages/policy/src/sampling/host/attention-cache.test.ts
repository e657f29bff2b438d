import { createRandom } from "@turnwise/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AttentionCache } from "./attention-cache.ts";
import type { CachedSequence } from "../runner/page-table.ts";

interface Shape {
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headSize: number;
}

const random = createRandom("attention");
const draw = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () => 4 * random.next() - 2);

const createCache = (
  shape: Shape,
  numLayers = 1,
  threads = 1,
  maxBytes = 2 ** 26,
): AttentionCache =>
  new AttentionCache({
    ...shape,
    numLayers,
    threads,
    maxSequenceTokens: 200,
    maxStepTokens: 400,
    maxBytes,
  });

/** All queries, keys and values of one sequence in one layer, row by row. */
interface Inputs {
  readonly queries: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

const drawInputs = (shape: Shape, length: number): Inputs => ({
  queries: draw(length * shape.numHeads * shape.headSize),
  keys: draw(length * shape.numKeyValueHeads * shape.headSize),
  values: draw(length * shape.numKeyValueHeads * shape.headSize),
});

/** Reference implementation of causal attention, in float64. */
function expectedAttention(shape: Shape, length: number, inputs: Inputs): number[] {
  const { numHeads, numKeyValueHeads, headSize } = shape;
  const result: number[] = [];
  for (let i = 0; i < length; i++) {
    for (let head = 0; head < numHeads; head++) {
      const shared = Math.floor(head / (numHeads / numKeyValueHeads));
      const at = (j: number, entry: number): number =>
        (j * numKeyValueHeads + shared) * headSize + entry;
      const entries = Array.from({ length: headSize }, (_, entry) => entry);
      const weights = Array.from({ length: i + 1 }, (_, j) => {
        const products = entries.map(
          (entry) =>
            inputs.queries[(i * numHeads + head) * headSize + entry]! * inputs.keys[at(j, entry)]!,
        );
        return Math.exp(products.reduce((total, x) => total + x, 0) / Math.sqrt(headSize));
      });
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const entry of entries) {
        result.push(
          weights.reduce((sum, weight, j) => sum + weight * inputs.values[at(j, entry)]!, 0) /
            total,
        );
      }
    }
  }
  return result;
}

/** Selects rows `from` to `to - 1` of the inputs. */
function rowsOf(shape: Shape, inputs: Inputs, from: number, to: number): Inputs {
  const wide = shape.numHeads * shape.headSize;
  const narrow = shape.numKeyValueHeads * shape.headSize;
  return {
    queries: inputs.queries.subarray(from * wide, to * wide),
    keys: inputs.keys.subarray(from * narrow, to * narrow),
    values: inputs.values.subarray(from * narrow, to * narrow),
  };
}

/** Computes attention of one sequence in chunks, with no other sequences in the step. */
function attendInChunks(
  cache: AttentionCache,
  shape: Shape,
  inputs: Inputs,
  chunks: readonly number[],
  layer = 0,
  sequence: CachedSequence = cache.pages.create(),
): number[] {
  return chunks.flatMap((numQueries) => {
    const chunk = rowsOf(shape, inputs, sequence.length, sequence.length + numQueries);
    cache.begin([{ sequence, numQueries }]);
    const result = [...cache.attend(layer, chunk.queries, chunk.keys, chunk.values)];
    result.length = chunk.queries.length;
    cache.commit();
    return result;
  });
}

const anyShape = fc
  .record({
    shared: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 5 }),
    quads: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ shared, group, quads }) => ({
    numHeads: shared * group,
    numKeyValueHeads: shared,
    headSize: 4 * quads,
  }));

test("equals attention by its definition", () => {
  fc.assert(
    fc.property(anyShape, fc.integer({ min: 1, max: 70 }), (shape, length) => {
      const inputs = drawInputs(shape, length);
      const result = attendInChunks(createCache(shape), shape, inputs, [length]);
      const expected = expectedAttention(shape, length, inputs);
      // Error of float32 sums of up to 70 terms of size 2.
      const errors = result.map((value, i) => Math.abs(value - expected[i]!));
      expect(Math.max(...errors)).toBeLessThan(5e-6);
    }),
    { numRuns: 30 },
  );
});

test("gives the same bits for any chunking of a sequence", () => {
  fc.assert(
    fc.property(
      anyShape,
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }),
      (shape, chunks) => {
        const length = chunks.reduce((total, chunk) => total + chunk, 0);
        const inputs = drawInputs(shape, length);
        const cache = createCache(shape);
        const whole = attendInChunks(cache, shape, inputs, [length]);
        expect(attendInChunks(cache, shape, inputs, chunks)).toEqual(whole);
        const single = Array.from({ length }, () => 1);
        expect(attendInChunks(cache, shape, inputs, single)).toEqual(whole);
      },
    ),
    { numRuns: 20 },
  );
});

test("gives the same bits next to other sequences, in every layer, and for the last query alone", () => {
  const shape = { numHeads: 6, numKeyValueHeads: 2, headSize: 12 };
  const lengths = [5, 40, 1, 17, 33];
  const numLayers = 3;
  const inputs = Array.from({ length: numLayers }, () =>
    lengths.map((length) => drawInputs(shape, length)),
  );
  const alone = inputs.map((layerInputs, layer) =>
    layerInputs.map((each, i) =>
      attendInChunks(createCache(shape, numLayers), shape, each, [lengths[i]!], layer),
    ),
  );
  const cache = createCache(shape, numLayers);
  const join = (parts: readonly Float32Array[]): Float32Array =>
    Float32Array.from(parts.flatMap((part) => [...part]));
  cache.begin(lengths.map((numQueries) => ({ sequence: cache.pages.create(), numQueries })));
  inputs.forEach((layerInputs, layer) => {
    const isLast = layer === numLayers - 1;
    const result = cache.attend(
      layer,
      join(layerInputs.map(({ queries }) => queries)),
      join(layerInputs.map(({ keys }) => keys)),
      join(layerInputs.map(({ values }) => values)),
      isLast,
    );
    const rowSize = shape.numHeads * shape.headSize;
    const expected = alone[layer]!.flatMap((each) => (isLast ? each.slice(-rowSize) : each));
    expect([...result]).toEqual(expected);
  });
});

test("reuses the pages of released and truncated sequences", () => {
  const shape = { numHeads: 2, numKeyValueHeads: 1, headSize: 64 };
  const inputs = drawInputs(shape, 150);
  const expected = attendInChunks(createCache(shape), shape, inputs, [150]);
  // Memory for 150 positions of one sequence, in pages of 64 positions.
  const cache = createCache(shape, 1, 1, 3 * 2 * 64 * 64 * 4);
  expect(cache.pages.maxPages).toBe(3);
  for (let round = 0; round < 20; round++) {
    const sequence = cache.pages.create();
    attendInChunks(cache, shape, drawInputs(shape, 150), [150], 0, sequence);
    // First fill 40 positions of another sequence, then continue differently.
    cache.pages.truncate(sequence, 0);
    attendInChunks(cache, shape, inputs, [40], 0, sequence);
    cache.pages.truncate(sequence, 33);
    const rest = attendInChunks(cache, shape, inputs, [117], 0, sequence);
    expect(rest).toEqual(expected.slice(33 * 128));
    cache.pages.release(sequence);
    expect(cache.pages.numUsedPages).toBe(0);
  }
});

test("shares the pages of a common prefix until one of the sequences writes there", () => {
  const shape = { numHeads: 2, numKeyValueHeads: 2, headSize: 16 };
  const [first, second] = [drawInputs(shape, 150), drawInputs(shape, 150)];
  // Both sequences have the same first 100 positions.
  for (const name of ["queries", "keys", "values"] as const) {
    second[name].set(first[name].subarray(0, 100 * 32));
  }
  const expected = [first, second].map((inputs) =>
    attendInChunks(createCache(shape), shape, inputs, [150]),
  );
  const cache = createCache(shape);
  const from = cache.pages.create();
  attendInChunks(cache, shape, first, [100], 0, from);
  const to = cache.pages.create();
  cache.pages.sharePrefix(from, to, 100);
  expect(cache.pages.numUsedPages).toBe(2);
  expect(cache.pages.pagesToExtend(to, 1)).toBe(1);
  const rests = [
    attendInChunks(cache, shape, first, [20, 30], 0, from),
    attendInChunks(cache, shape, second, [50], 0, to),
  ];
  // The first page is still shared; each sequence has two more pages.
  expect(cache.pages.numUsedPages).toBe(5);
  rests.forEach((rest, i) => expect(rest).toEqual(expected[i]!.slice(100 * 32)));
  cache.pages.truncate(to, 10);
  expect(attendInChunks(cache, shape, second, [140], 0, to)).toEqual(expected[1]!.slice(320));
  cache.pages.release(from);
  expect(cache.pages.numUsedPages).toBe(3);
  cache.pages.release(to);
  expect(cache.pages.numUsedPages).toBe(0);
});

test("takes no more pages than allowed", () => {
  const shape = { numHeads: 1, numKeyValueHeads: 1, headSize: 4 };
  const cache = createCache(shape, 1, 1, 2 * 2 * 64 * 4 * 4 + 100);
  const [one, other] = [cache.pages.create(), cache.pages.create()];
  expect(cache.pages.extend(one, 65)).toBe(true);
  expect(cache.pages.extend(other, 1)).toBe(false);
  expect(cache.pages.numUsedPages).toBe(2);
  expect(() => cache.begin([{ sequence: other, numQueries: 1 }])).toThrow(
    "AttentionCache: not enough pages: 2 of 2 are in use, and a sequence needs 1 more",
  );
  cache.pages.release(one);
  expect(cache.pages.extend(other, 128)).toBe(true);
});

test("computes the other sequences correctly when one is released in the middle of a step", () => {
  const shape = { numHeads: 2, numKeyValueHeads: 1, headSize: 8 };
  const inputs = [drawInputs(shape, 70), drawInputs(shape, 70)];
  const expected = attendInChunks(createCache(shape), shape, inputs[1]!, [70]);
  const cache = createCache(shape, 2);
  const [gone, kept] = [cache.pages.create(), cache.pages.create()];
  const join = (name: keyof Inputs): Float32Array =>
    Float32Array.from(inputs.flatMap((each) => [...each[name]]));
  cache.begin([
    { sequence: gone, numQueries: 70 },
    { sequence: kept, numQueries: 70 },
  ]);
  cache.attend(0, join("queries"), join("keys"), join("values"));
  cache.pages.release(gone);
  const last = cache.attend(1, join("queries"), join("keys"), join("values"), true);
  expect([...last.subarray(16, 32)]).toEqual(expected.slice(-16));
  cache.commit();
  expect([gone.length, kept.length]).toEqual([0, 70]);
});

test("keeps its content while its memory grows", () => {
  const shape = { numHeads: 4, numKeyValueHeads: 4, headSize: 64 };
  const cache = createCache(shape, 2);
  const inputs = drawInputs(shape, 60);
  const expected = attendInChunks(cache, shape, inputs, [60]);
  const first = cache.pages.create();
  const begin = attendInChunks(cache, shape, inputs, [50], 0, first);
  for (let i = 0; i < 30; i++) attendInChunks(cache, shape, drawInputs(shape, 100), [100]);
  const end = attendInChunks(cache, shape, inputs, [10], 0, first);
  expect([...begin, ...end]).toEqual(expected);
});

test("gives the same bits with several threads, step after step, while the memory grows", async () => {
  const shape = { numHeads: 4, numKeyValueHeads: 2, headSize: 32 };
  const lengths = Array.from({ length: 40 }, (_, i) => 1 + ((i * 37) % 150));
  const inputs = lengths.map((length) => drawInputs(shape, length + 20));
  const join = (parts: readonly Float32Array[]): Float32Array =>
    Float32Array.from(parts.flatMap((part) => [...part]));
  const computeAll = async (threads: number): Promise<number[]> => {
    const cache = createCache(shape, 1, threads);
    const sequences = lengths.map(() => cache.pages.create());
    const results: number[] = [];
    // First long prefixes for a few sequences at a time, then 20 steps with one position per
    // sequence.
    const steps = [
      ...Array.from({ length: 20 }, (_, i) => [2 * i, 2 * i + 1]),
      ...Array.from({ length: 20 }, () => lengths.map((_, i) => i)),
    ];
    for (const chosen of steps) {
      const chunks = chosen.map((i) => {
        const begin = sequences[i]!.length;
        return rowsOf(shape, inputs[i]!, begin, begin === 0 ? lengths[i]! : begin + 1);
      });
      const numQueries = (chunk: Inputs): number => chunk.queries.length / 128;
      cache.begin(
        chosen.map((i, job) => ({ sequence: sequences[i]!, numQueries: numQueries(chunks[job]!) })),
      );
      const attended = cache.attend(
        0,
        join(chunks.map(({ queries }) => queries)),
        join(chunks.map(({ keys }) => keys)),
        join(chunks.map(({ values }) => values)),
      );
      for (const value of attended) results.push(value);
      cache.commit();
    }
    await cache.close();
    return results;
  };
  const expected = await computeAll(1);
  for (const threads of [2, 3]) expect(await computeAll(threads)).toEqual(expected);
});

test("refuses a head size that does not fill SIMD registers", () => {
  expect(() => createCache({ numHeads: 1, numKeyValueHeads: 1, headSize: 6 })).toThrow(
    "attentionModule: headSize must be a multiple of 4, got 6",
  );
});
