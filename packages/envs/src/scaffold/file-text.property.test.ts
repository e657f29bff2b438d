import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeFile, encodeFile } from "./file-text.ts";

it("round-trips every byte of a text file in any encoding", () => {
  fc.assert(
    fc.property(fc.uint8Array({ min: 1 }), (bytes) => {
      const file = decodeFile(bytes);
      expect(file).toBeDefined();
      expect([...encodeFile(file!)!]).toEqual([...bytes]);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (drawn) => {
      const text = drawn.replaceAll("\0", " ");
      const file = decodeFile(Buffer.from(text, "utf8"))!;
      expect(file.encoding).toBe("utf8");
      expect(file.lineBreak === "\n" ? file.text : file.text.replaceAll("\n", "\r\n")).toBe(text);
    }),
  );
});

it("reads CRLF as line breaks and writes them back", () => {
  const piece = fc.constantFrom("\r\n", "\r\n", "\r", "a", "\u00e9");
  fc.assert(
    fc.property(fc.array(piece), fc.boolean(), (parts, isMixed) => {
      const bytes = Buffer.from(`${parts.join("")}${isMixed ? "a\n" : ""}`, "latin1");
      expect(Buffer.from(encodeFile(decodeFile(bytes)!)!)).toEqual(bytes);
    }),
  );
  expect(decodeFile(Buffer.from("a\r\nb\r\n"))).toEqual({
    text: "a\nb\n",
    encoding: "utf8",
    lineBreak: "\r\n",
  });
  expect(decodeFile(Buffer.from("a\r\nb\n"))).toMatchObject({ text: "a\r\nb\n", lineBreak: "\n" });
});

it("rejects characters that the file's encoding cannot represent, and binary files", () => {
  expect(
    encodeFile({ text: "caf\u00e9 \u20ac", encoding: "latin1", lineBreak: "\n" }),
  ).toBeUndefined();
  expect(decodeFile(Buffer.from([0xff, 0xfe, 0]))).toBeUndefined();
});
