import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lengthByte, lengthOfByte } from "./length-byte.ts";
import { SearchIndexBuilder } from "./search-index.ts";
import { Searcher } from "./searcher.ts";
import { analyze } from "./analyze.ts";

function searcherOf(documents: Readonly<Record<string, string>>): Searcher {
  const builder = new SearchIndexBuilder();
  for (const [id, text] of Object.entries(documents)) builder.add(id, text);
  return new Searcher(builder.build());
}

describe("Searcher", () => {
  it("scores by hand", () => {
    // Two documents of 1 and 3 terms: average length 2. "red" is in both: idf = ln(1 + 0.5 / 2.5).
    // Document 0: norm 1 / (0.9 * (0.6 + 0.4 * 1 / 2)) = 1.3889; idf * (1 - 1 / 2.3889) = 0.10600.
    // Document 1: norm 1 / (0.9 * (0.6 + 0.4 * 3 / 2)) = 0.9259; idf * (1 - 1 / 1.9259) = 0.08765.
    const hits = searcherOf({ a: "red", b: "red shoe box" }).search("red");
    expect(hits.map(({ document }) => document)).toEqual([0, 1]);
    expect(hits[0]!.score).toBeCloseTo(0.106, 4);
    expect(hits[1]!.score).toBeCloseTo(0.08765, 4);
  });

  it("sorts equal scores by id, and finds nothing for unknown words", () => {
    const searcher = searcherOf({ c: "red", a: "red", b: "red" });
    expect(searcher.search("red").map(({ document }) => document)).toEqual([1, 2, 0]);
    expect(searcher.search("red", 1).map(({ document }) => document)).toEqual([1]);
    expect(searcher.search("the blue")).toEqual([]);
    expect(() => searcher.search("red", 0)).toThrow("limit must be a whole number >= 1, got 0");
  });

  it("rejects two documents with the same id", () => {
    const builder = new SearchIndexBuilder();
    builder.add("a", "red");
    builder.add("a", "blue");
    expect(() => builder.build()).toThrow("ids must differ, got a twice");
  });

  it("agrees with an exhaustive search over any documents", () => {
    const text = fc
      .array(fc.constantFrom("red", "blue", "shoe", "box", "size"), { maxLength: 60 })
      .map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), text, (texts, query) => {
        const searcher = searcherOf(Object.fromEntries(texts.map((t, i) => [`p${i}`, t])));
        const wanted = new Set(analyze(query));
        const matching = texts.filter((t) => analyze(t).some((term) => wanted.has(term)));
        const all = searcher.search(query, 100);
        expect(all).toHaveLength(matching.length);
        // A shorter list is a prefix of a longer one.
        expect(searcher.search(query, 3)).toEqual(all.slice(0, 3));
        for (let i = 1; i < all.length; i++) {
          expect(all[i]!.score).toBeLessThanOrEqual(all[i - 1]!.score);
        }
      }),
    );
  });
});

describe("lengthByte", () => {
  it("is exact below 40 and keeps four bits above", () => {
    for (let length = 0; length < 40; length++) {
      expect(lengthOfByte(lengthByte(length))).toBe(length);
    }
    expect(lengthOfByte(lengthByte(1000))).toBe(984);
  });

  it("never exceeds the length, and increases with it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (length) => {
        const decoded = lengthOfByte(lengthByte(length));
        expect(decoded).toBeLessThanOrEqual(length);
        expect(decoded).toBeGreaterThanOrEqual(length * 0.875);
        expect(lengthByte(length + 1)).toBeGreaterThanOrEqual(lengthByte(length));
      }),
    );
  });
});
