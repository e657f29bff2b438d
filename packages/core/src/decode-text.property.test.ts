import fc from "fast-check";
import { expect, it } from "vitest";
import { createTextDecoder, decodeText } from "./decode-text.ts";

const outcome = (decode: () => string): string => {
  try {
    return `text ${decode()}`;
  } catch (error) {
    return String(error);
  }
};

/**
 * Byte sequences that resemble text: valid characters, byte order marks and single bytes, in any
 * order.
 */
const bytes = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
      fc.constantFrom([0xef, 0xbb, 0xbf], [0xff, 0xfe], [0xfe, 0xff], [0, 0], [0xd8], [0x0a]),
      fc.uint8Array({ maxLength: 3 }),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])));

it("decodes a stream like the whole text, wherever it is cut", () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat({ max: 40 })), (all, cuts) => {
      const at = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b)];
      const whole = outcome(() => decodeText(all, "a"));
      const inPieces = outcome(() => {
        const decoder = createTextDecoder("a");
        const parts = [...at, all.length].slice(1).map((end, i) => all.subarray(at[i], end));
        return parts.map((part) => decoder.write(part)).join("") + decoder.end();
      });
      // Without a byte order mark, a zero byte alone does not reveal UTF-16; the decoder must also
      // see the next byte.
      if (whole.includes("zero byte")) return;
      expect(inPieces).toBe(whole);
    }),
  );
});

it("reads back any text written as UTF-8, with a mark or without", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, hasMark) => {
      fc.pre(!text.startsWith("\uFEFF") && !text.slice(0, 2).includes("\0"));
      const written = new TextEncoder().encode(hasMark ? `\uFEFF${text}` : text);
      expect(decodeText(written, "a")).toBe(text);
    }),
  );
});

it("agrees with the platform on which bytes are UTF-8", () => {
  fc.assert(
    fc.property(bytes, (all) => {
      fc.pre(!all.slice(0, 2).includes(0) && !["\xff\xfe", "\xfe\xff"].includes(latin1(all)));
      const isUtf8 = outcome(() => new TextDecoder("utf-8", { fatal: true }).decode(all));
      expect(outcome(() => decodeText(all, "a")).startsWith("text ")).toBe(
        isUtf8.startsWith("text "),
      );
    }),
  );
});

const latin1 = (all: Uint8Array): string => String.fromCharCode(...all.slice(0, 2));
