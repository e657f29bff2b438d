import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StopStrings } from "./stop-strings.ts";
import { Detokenizer } from "./detokenizer.ts";
import { createTokenizer } from "./tokenizer.ts";
import { buildWordVocabulary } from "./word-vocabulary.ts";

const words = createTokenizer(buildWordVocabulary(["a b c stop now"]));

/** Each token is one to three bytes of UTF-8; ids above the single bytes are pairs and triples. */
const pieces = ["é", "€", "st", "op", "ops", " ", "💡", "\n"];
const pieceBytes = [
  ...Array.from({ length: 256 }, (_, byte) => [byte]),
  ...pieces.map((piece) => [...Buffer.from(piece)]),
];
const bytes = {
  decode: (tokens: readonly number[]): string =>
    new TextDecoder().decode(Uint8Array.from(tokens.flatMap((token) => pieceBytes[token]!))),
};
/** Random tokens, so that characters are split and some bytes are invalid. */
const anyTokens = fc.array(
  fc.oneof(
    fc.nat(pieceBytes.length - 1),
    fc.integer({ min: 256, max: pieceBytes.length - 1 }),
    fc.constantFrom(...Buffer.from("💡€stop")),
  ),
  { maxLength: 30 },
);

describe("Detokenizer", () => {
  test("returns the text of each token as it comes, with the spaces that decoding inserts", () => {
    const stream = new Detokenizer(words);
    expect(words.encode("a c stop").map((token) => stream.push(token))).toEqual([
      "a",
      " c",
      " stop",
    ]);
    expect(stream.end()).toBe("");
    expect(stream.text).toBe("a c stop");
  });

  test("holds a character back until its last byte arrives", () => {
    const stream = new Detokenizer(bytes);
    const given = [...Buffer.from("a💡b")].map((byte) => stream.push(byte));
    expect(given).toEqual(["a", "", "", "", "💡", "b"]);
    const open = new Detokenizer(bytes);
    open.push(0xe2);
    expect(open.end()).toBe("\uFFFD");
    expect(open.end()).toBe("");
  });

  test("adds up to the text of all tokens", () => {
    fc.assert(
      fc.property(anyTokens, (tokens) => {
        const stream = new Detokenizer(bytes);
        let text = "";
        for (const [i, token] of tokens.entries()) {
          text += stream.push(token);
          expect(stream.text).toBe(bytes.decode(tokens.slice(0, i + 1)));
        }
        expect(text + stream.end()).toBe(bytes.decode(tokens));
      }),
    );
  });
});

describe("StopStrings", () => {
  test("finds a string across tokens, and cuts before it", () => {
    const stops = new StopStrings(words, ["p no", "zzz"]);
    expect(words.encode("a stop now b").map((token) => stops.push(token))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(stops.text).toBe("a sto");
  });

  test("stops at the first token after which the text contains one", () => {
    fc.assert(
      fc.property(
        anyTokens,
        fc.array(fc.constantFrom("st", "stop", "ops", "💡", "€s", "\n", "pp"), {
          minLength: 1,
          maxLength: 3,
        }),
        (tokens, texts) => {
          const stops = new StopStrings(bytes, texts);
          const ended = tokens.findIndex((token) => stops.push(token));
          const contained = tokens.findIndex((_, i) => {
            const text = bytes.decode(tokens.slice(0, i + 1));
            return texts.some((each) => text.includes(each));
          });
          expect(ended).toBe(contained);
          const all = bytes.decode(ended < 0 ? tokens : tokens.slice(0, ended + 1));
          const begins = texts.map((each) => all.indexOf(each)).filter((at) => at >= 0);
          expect(stops.text).toBe(ended < 0 ? all : all.slice(0, Math.min(...begins)));
        },
      ),
    );
  });
});
