import type { TokenRow } from "@turnwise/core";
import { expect, test } from "vitest";
import { checkRows, countReadTokens, countResponseTokens } from "./token-rows.ts";

const row = (length: number, ...spans: [start: number, length: number][]): TokenRow => ({
  tokens: Array.from({ length }, (_, i) => i + 1),
  spans: spans.map(([start, spanLength], turnIndex) => ({ turnIndex, start, length: spanLength })),
});

test("reads a row up to the token before its last response token", () => {
  expect(countReadTokens(row(9, [2, 3], [6, 2]))).toBe(7);
  expect(countReadTokens(row(9, [2, 3], [6, 0]))).toBe(4);
  expect(countReadTokens(row(9))).toBe(0);
  expect(countResponseTokens(row(9, [2, 3], [6, 2]))).toBe(5);
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
