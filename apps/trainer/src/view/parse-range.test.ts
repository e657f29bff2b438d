import { describe, expect, it } from "vitest";
import { parseRange } from "./parse-range.ts";

describe("parseRange", () => {
  it.each([
    ["bytes=0-0", { start: 0, end: 1 }],
    ["bytes=10-", { start: 10, end: 100 }],
    ["bytes=10-500", { start: 10, end: 100 }],
    ["bytes=-20", { start: 80, end: 100 }],
    ["bytes=-500", { start: 0, end: 100 }],
  ])("reads %s", (header, range) => {
    expect(parseRange(header, 100)).toEqual(range);
  });

  it.each(["bytes=100-", "bytes=-0"])("finds nothing in %s", (header) => {
    expect(parseRange(header, 100)).toBe("outside");
  });

  it.each([undefined, "", "bytes=-", "bytes=5-2", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b"])(
    "takes %s for no range",
    (header) => {
      expect(parseRange(header, 100)).toBeUndefined();
    },
  );
});
