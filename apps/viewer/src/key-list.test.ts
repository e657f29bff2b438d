import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { keyList } from "./key-list.ts";

it("is the table of keys in the documentation", async () => {
  const text = await readFile(new URL("../../../docs/viewer.md", import.meta.url), "utf8");
  const [, table = ""] = /\n\| key +\| action +\|\n\|[-| ]+\|\n((?:\|.*\n)+)/u.exec(text) ?? [];
  const rows = table
    .trim()
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(rows.map(([, keys, meaning]) => [keys!.replaceAll("`", ""), meaning])).toEqual(keyList);
});
