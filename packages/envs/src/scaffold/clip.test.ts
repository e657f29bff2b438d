import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clipMiddle } from "./clip.ts";

const note =
  /\n<Observation truncated in middle for saving context: (\d+) (lines|characters) cut>\n/u;

describe("clipMiddle", () => {
  it("keeps the first and last lines, or characters, and says how much it cut", () => {
    const lines = Array.from({ length: 100 }, (_, i) => `${i}`);
    expect(clipMiddle(lines.join("\n"), { maxLines: 4 })).toBe(
      "0\n1\n<Observation truncated in middle for saving context: 96 lines cut>\n98\n99",
    );
    expect(clipMiddle("abcdef", { maxCharacters: 4 })).toBe(
      "ab\n<Observation truncated in middle for saving context: 2 characters cut>\nef",
    );
    expect(clipMiddle("abcd", { maxCharacters: 4 })).toBe("abcd");
  });

  it("bounds a single line of megabytes", () => {
    const text = `a\n${"x".repeat(3_000_000)}\nb`;
    const clipped = clipMiddle(text, { maxLines: 80 });
    expect(clipped.length).toBeLessThan(10_100);
    expect(clipped).toContain(`${text.length - 10_000} characters cut`);
  });

  it("respects both limits and counts every character", () => {
    const text = fc.array(fc.constantFrom("a", "\n", "bcd", "😀")).map((parts) => parts.join(""));
    const limit = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(text, limit, limit, (long, maxLines, maxCharacters) => {
        const clipped = clipMiddle(long, { maxLines, maxCharacters });
        const match = note.exec(clipped);
        const isCut = long.length > maxCharacters || long.split("\n").length > maxLines;
        expect(match !== null).toBe(isCut);
        const end = match === null ? clipped.length : match.index;
        const head = clipped.slice(0, end);
        const tail = clipped.slice(end + (match?.[0].length ?? 0));
        expect(head.length + tail.length).toBeLessThanOrEqual(maxCharacters);
        expect([long.startsWith(head), long.endsWith(tail)]).toEqual([true, true]);
        const numCut = match?.[2] === "characters" ? Number(match[1]) : 0;
        expect(match?.[2] === "lines" || head.length + tail.length + numCut === long.length).toBe(
          true,
        );
        expect(`${head}${tail}`).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/u);
      }),
    );
  });
});
