import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeFile, encodeFile } from "./file-text.ts";

it("gives back every byte of a text file, whatever its encoding", () => {
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
      expect(decodeFile(Buffer.from(text, "utf8"))).toEqual({ text, encoding: "utf8" });
    }),
  );
});

it("does not write what the encoding of a file cannot hold, and reads no binary file", () => {
  expect(encodeFile({ text: "caf\u00e9 \u20ac", encoding: "latin1" })).toBeUndefined();
  expect(decodeFile(Buffer.from([0xff, 0xfe, 0]))).toBeUndefined();
});
