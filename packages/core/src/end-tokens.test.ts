import { expect, test } from "vitest";
import { listEndTokens } from "./end-tokens.ts";

test("lists the end token first, and each token once", () => {
  expect(listEndTokens({ endToken: 2 })).toEqual([2]);
  expect(listEndTokens({ endToken: 2, endTokens: [5, 2, 7, 5] })).toEqual([2, 5, 7]);
});
