import { expect, it } from "vitest";
import { formatCount } from "./format-count.ts";

it("uses the plural for all numbers but 1", () => {
  expect([0, 1, 2].map((count) => formatCount(count, "turn"))).toEqual([
    "0 turns",
    "1 turn",
    "2 turns",
  ]);
  expect(formatCount(3, "match", "matches")).toBe("3 matches");
});
