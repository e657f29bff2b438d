import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { smallModelConfig } from "@turnwise/policy";
import { afterAll, expect, it } from "vitest";
import { checkTokenRows, readTokenRows } from "./policy-source.ts";

const folder = await mkdtemp(join(tmpdir(), "turnwise-rows-"));
afterAll(() => rm(folder, { recursive: true }));

const path = join(folder, "rows.json");
const read = async (text: string): Promise<readonly (readonly number[])[]> => {
  await writeFile(path, text);
  return (await readTokenRows(path)).rows;
};

it("reads a list of rows, lines, an object with input_ids, and a single row", async () => {
  const rows = [[1, 2], [3]];
  expect(await read("[[1, 2], [3]]")).toEqual(rows);
  expect(await read("[1, 2]\n\n[3]\n")).toEqual(rows);
  expect(await read('{"input_ids": [[1, 2], [3]], "other": 5}')).toEqual(rows);
  expect(await read("[1, 2]")).toEqual([[1, 2]]);
});

it("names the position of anything else in a file", async () => {
  await expect(read("[]")).rejects.toThrow(`${path}: must contain a row of token ids, got none`);
  await expect(read("a b")).rejects.toThrow(`${path}: not valid JSON rows of token ids: "a b"`);
  await expect(read("{}")).rejects.toThrow(`${path}: must contain a list of rows, got object`);
  await expect(read("[[1], 2]")).rejects.toThrow(
    `${path}: row 1 must be a list of token ids, got 2`,
  );
  await expect(read("[[1], [2, -1]]")).rejects.toThrow(
    `${path}: row 1[1] must be a token id, a whole number >= 0, got -1`,
  );
  await expect(readTokenRows(join(folder, "none"))).rejects.toThrow("file cannot be read");
});

it("names the row that the model cannot read", () => {
  const config = smallModelConfig({ vocabularySize: 20, maxSequenceTokens: 4 });
  const check = (rows: number[][], numMore?: number) => (): void =>
    checkTokenRows({ source: "rows.json", rows }, config, numMore);
  expect(check([[19], [1, 2, 3, 4]])).not.toThrow();
  expect(check([[1], []])).toThrow("rows.json: row 1 must not be empty, got no tokens");
  expect(check([[1, 20]])).toThrow(
    "rows.json: token 1 must be in the model's vocabulary, [0, 19], got 20",
  );
  expect(check([[1], [1, 2, 3, 4, 5]])).toThrow(
    "rows.json: row 1 must have at most the 4 tokens of the model's context, got 5",
  );
  expect(check([[1, 2, 3]], 2)).toThrow(
    "rows.json must leave room for 2 more tokens in the model's context of 4, got 3 tokens",
  );
});
