import { describe, expect, it } from "vitest";
import { createTextDecoder, decodeText, TextError } from "./decode-text.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const utf16 = (text: string, order: "le" | "be"): Uint8Array => {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const bytes = units.flatMap((unit) =>
    order === "le" ? [unit & 255, unit >> 8] : [unit >> 8, unit & 255],
  );
  return Uint8Array.from([...(order === "le" ? [0xff, 0xfe] : [0xfe, 0xff]), ...bytes]);
};

describe("decodeText", () => {
  it("drops one byte order mark, and keeps a later one", () => {
    expect(decodeText(utf8("\uFEFFlook\n"), "commands.txt")).toBe("look\n");
    expect(decodeText(utf8("look\n\uFEFF"), "commands.txt")).toBe("look\n\uFEFF");
    expect(decodeText(utf8("\uFEFF"), "commands.txt")).toBe("");
    expect(decodeText(utf8(""), "commands.txt")).toBe("");
  });

  it("decodes UTF-16 of either byte order by its mark", () => {
    for (const order of ["le", "be"] as const) {
      expect(decodeText(utf16("löök 😀\r\n", order), "commands.txt")).toBe("löök 😀\r\n");
    }
  });

  it("names source, offset and line of the first byte that is not UTF-8", () => {
    const cases: readonly (readonly [number[], string])[] = [
      [[0x61, 0x0a, 0x62, 0xff], "got byte 0xff at offset 3 (line 2)"],
      // "café" and a newline in Latin-1
      [[0x63, 0x61, 0x66, 0xe9, 0x0a], "got byte 0xe9 at offset 3"],
      // overlong encoding, surrogate, above the last code point, truncated
      [[0x61, 0xc0, 0x80], "got byte 0xc0 at offset 1"],
      [[0xe0, 0x9f, 0xbf], "got byte 0xe0 at offset 0"],
      [[0xed, 0xa0, 0x80], "got byte 0xed at offset 0"],
      [[0xf4, 0x90, 0x80, 0x80], "got byte 0xf4 at offset 0"],
      [[0x61, 0xe2, 0x82], "got byte 0xe2 at offset 1"],
      // With a byte order mark, offsets still count from the start of the file.
      [[0xef, 0xbb, 0xbf, 0x80], "got byte 0x80 at offset 3"],
    ];
    for (const [bytes, message] of cases) {
      const decode = (): string => decodeText(Uint8Array.from(bytes), "a.json");
      expect(decode).toThrow(TextError);
      expect(decode).toThrow(`a.json: text must be UTF-8, ${message}`);
    }
  });

  it("refuses a lone surrogate or half a unit of UTF-16", () => {
    expect(() => decodeText(Uint8Array.of(0xff, 0xfe, 0x61, 0, 0, 0xd8), "a")).toThrow(
      "a: text must be UTF-16, got byte 0x00 at offset 4",
    );
    expect(() => decodeText(Uint8Array.of(0xfe, 0xff, 0, 0x61, 0), "a")).toThrow("at offset 4");
  });

  it("replaces invalid bytes if requested", () => {
    const log = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff, 0x62);
    expect(decodeText(log, "test.log", { invalid: "replace" })).toBe("a\uFFFDb");
    const wide = Uint8Array.of(0xff, 0xfe, 0x61, 0, 0, 0xd8);
    expect(decodeText(wide, "test.log", { invalid: "replace" })).toBe("a\uFFFD");
    const widest = Uint8Array.of(0xff, 0xfe, 0, 0);
    expect(() => decodeText(widest, "test.log", { invalid: "replace" })).toThrow("got UTF-32");
  });

  it("refuses UTF-32, and UTF-16 without a mark, by name", () => {
    expect(() => decodeText(Uint8Array.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0), "a")).toThrow(
      "a: text must be UTF-8 or UTF-16, got UTF-32",
    );
    expect(() => decodeText(Uint8Array.of(0, 0, 0xfe, 0xff), "a")).toThrow("got UTF-32");
    expect(() => decodeText(utf16("look", "le").subarray(2), "a")).toThrow(
      "a: text must be UTF-8, or UTF-16 with a byte order mark, got a zero byte at offset 1",
    );
    expect(() => decodeText(utf16("look", "be").subarray(2), "a")).toThrow("zero byte at offset 0");
  });
});

describe("createTextDecoder", () => {
  it("returns characters as soon as they are complete", () => {
    const decoder = createTextDecoder("standard input");
    expect(decoder.write(Uint8Array.of(0xef, 0xbb))).toBe("");
    expect(decoder.write(Uint8Array.of(0xbf))).toBe("");
    expect(decoder.write(utf8("look\n"))).toBe("look\n");
    expect(decoder.write(Uint8Array.of(0xe2, 0x82))).toBe("");
    expect(decoder.write(Uint8Array.of(0xac, 0x0a))).toBe("€\n");
    expect(decoder.end()).toBe("");
  });

  it("does not wait for more bytes without a mark", () => {
    expect(createTextDecoder("a").write(utf8("l"))).toBe("l");
  });

  it("counts offset and line over all pieces", () => {
    const decoder = createTextDecoder("a");
    decoder.write(utf8("\uFEFFone\ntwo\n"));
    expect(() => decoder.write(Uint8Array.of(0x61, 0xff))).toThrow(
      "a: text must be UTF-8, got byte 0xff at offset 12 (line 3)",
    );
    const cut = createTextDecoder("a");
    cut.write(Uint8Array.of(0x61, 0xe2));
    expect(() => cut.end()).toThrow("got byte 0xe2 at offset 1");
  });
});
