import type { TokenRow } from "@turnwise/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { packRows, type RowForest } from "./pack-rows.ts";
import { countReadTokens, countResponseTokens } from "./token-rows.ts";

const row = (tokens: number[], ...spans: [start: number, length: number][]): TokenRow => ({
  tokens,
  spans: spans.map(([start, length], turnIndex) => ({ turnIndex, start, length })),
});

/** Tokens on the path from the root of a tree to a node. */
function pathTo({ tokens, parents }: RowForest, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at >= 0; at = parents[at]!) path.unshift(tokens[at]!);
  return path;
}

test("holds a shared prefix once, and a fork twice if both branches are predicted", () => {
  const rows = [row([7, 1, 2, 5, 6], [3, 2]), row([7, 1, 2, 4, 4], [3, 1])];
  expect(packRows(rows, { maxTokens: 100 })).toEqual([
    {
      // The second row comes first, because 4 < 5. After the shared 7, 1 each row has its own 2.
      rows: [1, 0],
      tokens: Int32Array.of(7, 1, 2, 2, 5),
      parents: Int32Array.of(-1, 0, 1, 1, 3),
      predictors: Int32Array.of(2, 3, 4),
      targets: Int32Array.of(4, 5, 6),
      predictions: Int32Array.of(0, 1, 2),
      responses: Int32Array.of(0, 1, 1),
      numResponses: 2,
      tokenCounts: [1, 2],
    },
  ]);
});

test("adds only the new tokens of each turn of a trajectory", () => {
  const tokens = [1, 2, 3, 4, 5, 6, 7, 8];
  // Turn-wise rows whose prompts contain all earlier turns: each row is a prefix of the next.
  const turns = [row(tokens.slice(0, 4), [2, 2]), row(tokens, [6, 2])];
  const [whole] = packRows([row(tokens, [2, 2], [6, 2])], { maxTokens: 100 });
  const [byTurn] = packRows(turns, { maxTokens: 100 });
  expect(byTurn!.tokens).toEqual(whole!.tokens);
  expect(byTurn!.parents).toEqual(whole!.parents);
  expect(byTurn!.predictors).toEqual(whole!.predictors);
});

test("predicts every response token of every row once, after exactly the row's tokens", () => {
  // Few distinct tokens, so that rows share prefixes.
  const anyRow = fc
    .tuple(
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(4), fc.nat(3)), { maxLength: 3 }),
    )
    .map(([tokens, parts]) => {
      const spans: [number, number][] = [];
      let at = 1;
      for (const [gap, length] of parts) {
        const start = Math.min(at + gap, tokens.length);
        at = Math.min(start + length, tokens.length);
        spans.push([start, at - start]);
      }
      return row(tokens, ...spans);
    });
  fc.assert(
    fc.property(fc.array(anyRow), fc.integer({ min: 1, max: 60 }), (rows, maxTokens) => {
      const forests = packRows(rows, { maxTokens });
      const expected = rows.flatMap((each, i) => (countResponseTokens(each) > 0 ? [i] : []));
      expect(forests.flatMap((forest) => forest.rows).sort((a, b) => a - b)).toEqual(expected);
      for (const forest of forests) {
        expect(forest.rows.length === 1 || forest.tokens.length <= maxTokens).toBe(true);
        expect(new Set(forest.predictors).size).toBe(forest.predictors.length);
        let at = 0;
        let response = -1;
        forest.rows.forEach((index, slot) => {
          const { tokens, spans } = rows[index]!;
          expect(forest.tokenCounts[slot]).toBe(countResponseTokens(rows[index]!));
          for (const { start, length } of spans) {
            if (length > 0) response++;
            for (let i = start; i < start + length; i++, at++) {
              const place = forest.predictions[at]!;
              expect(forest.targets[place]).toBe(tokens[i]);
              expect(pathTo(forest, forest.predictors[place]!)).toEqual(tokens.slice(0, i));
              expect(forest.responses[at]).toBe(response);
            }
          }
        });
        expect(at).toBe(forest.predictions.length);
        expect(forest.numResponses).toBe(response + 1);
        const numRead = forest.rows.reduce((total, i) => total + countReadTokens(rows[i]!), 0);
        expect(forest.tokens.length).toBeLessThanOrEqual(numRead);
      }
    }),
  );
});
