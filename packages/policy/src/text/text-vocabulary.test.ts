import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildTextVocabulary } from "./text-vocabulary.ts";
import { createTokenizer } from "./tokenizer.ts";

const code = `def merge(spans):
    """As few as possible."""
    for span in sorted(spans):
        if span.start <= merged[-1].stop:
\t\treturn  -1

<act>x</act> 7_000 äöü \u{1f9ed}`;

describe("buildTextVocabulary", () => {
  it("builds a tokenizer that reproduces every text of the corpus", () => {
    const tokenizer = createTokenizer(buildTextVocabulary([code], { markers: ["<act>"] }));
    const tokens = tokenizer.encode(code);
    expect(tokenizer.decode(tokens)).toBe(code);
    expect(tokens).toContain(tokenizer.tokenId("<act>")!);
    expect(tokenizer.tokenId("\n        ")).toBeDefined();
    expect(tokenizer.tokenId(" span")).toBeDefined();
    // There are fewer than half as many tokens as characters.
    expect(tokens.length).toBeLessThan(code.length / 2);
  });

  it("joins any of its pieces without a change", () => {
    const tokenizer = createTokenizer(buildTextVocabulary([code]));
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: tokenizer.vocabularySize - 1 }), { maxLength: 20 }),
        (tokens) => {
          const parts = tokens.map((token) => tokenizer.decode([token]));
          expect(tokenizer.decode(tokens)).toBe(parts.join(""));
        },
      ),
    );
  });

  it("has one token for unknown text", () => {
    const tokenizer = createTokenizer(buildTextVocabulary(["a b"], { minCount: 1 }));
    expect(tokenizer.decode(tokenizer.encode("a c"))).toBe("a<unknown>");
    expect(() => buildTextVocabulary([], { markers: [""] })).toThrow(
      "must not contain an empty string",
    );
    expect(() => buildTextVocabulary([], { minCount: 0 })).toThrow("minCount must be a whole");
  });
});
