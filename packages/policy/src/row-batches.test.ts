import type { TokenRow } from "@turnwise/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkRows, packRows, readLength, rowBatches } from "./row-batches.ts";

const row = (length: number, ...spans: [start: number, length: number][]): TokenRow => ({
  tokens: Array.from({ length }, (_, i) => i + 1),
  spans: spans.map(([start, spanLength], turnIndex) => ({ turnIndex, start, length: spanLength })),
});

test("reads a row up to the token before its last response token", () => {
  expect(readLength(row(9, [2, 3], [6, 2]))).toBe(7);
  expect(readLength(row(9, [2, 3], [6, 0]))).toBe(4);
  expect(readLength(row(9))).toBe(0);
});

test("lays rows side by side, and says where each response token is predicted", () => {
  const rows = [row(3, [1, 2]), row(6, [2, 1], [4, 2])];
  expect(packRows(rows, [1, 0])).toEqual({
    rows: [1, 0],
    batchSize: 2,
    length: 5,
    tokens: Int32Array.from([1, 2, 3, 4, 5, 1, 2, 0, 0, 0]),
    positions: Int32Array.from([1, 3, 4, 5, 6]),
    targets: Int32Array.from([3, 5, 6, 2, 3]),
    responses: Int32Array.from([0, 1, 1, 2, 2]),
    numResponses: 3,
    tokenCounts: [3, 2],
  });
});

test("batches hold every row with a response once, within the limit, longest first", () => {
  const anyRow = fc
    .tuple(fc.integer({ min: 1, max: 30 }), fc.nat(10))
    .map(([start, length]) => row(start + length, [start, length]));
  fc.assert(
    fc.property(fc.array(anyRow), fc.integer({ min: 1, max: 100 }), (rows, maxTokens) => {
      const batches = rowBatches(rows, { maxTokens });
      const expected = rows.flatMap(({ spans }, i) => (spans[0]!.length > 0 ? [i] : []));
      expect(batches.flat().sort((a, b) => a - b)).toEqual(expected);
      for (const batch of batches) {
        const lengths = batch.map((i) => readLength(rows[i]!));
        expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
        expect(batch.length === 1 || batch.length * lengths[0]! <= maxTokens).toBe(true);
      }
    }),
  );
});

test("names the row and token that a model cannot read", () => {
  const check = (rows: TokenRow[]) => (): void =>
    checkRows("score", rows, { vocabularySize: 8, maxSequenceTokens: 7 });
  expect(check([row(3, [1, 2])])).not.toThrow();
  expect(check([row(1), row(8)])).toThrow("score: rows[1] must have at most 7 tokens, got 8");
  expect(check([{ tokens: [1, 9], spans: [] }])).toThrow(
    "score: rows[0].tokens[1] must be a whole number in [0, 7], got 9",
  );
  expect(check([row(5, [0, 2])])).toThrow(
    "score: rows[0].spans[0] must lie in [1, 5], got start 0 and length 2",
  );
  expect(check([row(5, [1, 3], [3, 1])])).toThrow("rows[0].spans[1] must lie in [4, 5]");
  expect(check([row(5, [1, 5])])).toThrow("rows[0].spans[0] must lie in [1, 5]");
});
