import { expect, it } from "vitest";
import { utf8Chunks } from "./utf8-chunks.ts";

async function convert(bytes: Uint8Array, size: number): Promise<string> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of utf8Chunks(pieces(), "a.jsonl")) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

const text = '{"game": "a"}\n€😀';
const wide = Buffer.from(`\uFEFF${text}`, "utf16le");

it("removes byte order marks and converts UTF-16, however the stream is split", async () => {
  for (const size of [1, 2, 3, 7, 1000]) {
    expect(await convert(Buffer.from(text), size)).toBe(text);
    expect(await convert(Buffer.from(`\uFEFF${text}`), size)).toBe(text);
    expect(await convert(wide, size)).toBe(text);
    expect(await convert(Buffer.from(wide).swap16(), size)).toBe(text);
  }
  expect(await convert(Buffer.from("a"), 1)).toBe("a");
  expect(await convert(Buffer.from("\uFEFF"), 1)).toBe("");
  expect(await convert(Buffer.alloc(0), 1)).toBe("");
});

it("passes invalid bytes to the reader of the lines", async () => {
  const chunks: Buffer[] = [];
  const bytes = Uint8Array.of(0x61, 0x62, 0x63, 0x64, 0xff);
  async function* once(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  for await (const chunk of utf8Chunks(once(), "a")) chunks.push(chunk);
  expect(Buffer.concat(chunks)).toEqual(Buffer.from(bytes));
});

it("reports UTF-32, UTF-16 without a mark, and a truncated character", async () => {
  await expect(convert(Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 3)).rejects.toThrow(
    "a.jsonl: text must be UTF-8 or UTF-16, got UTF-32",
  );
  await expect(convert(Buffer.from("look", "utf16le"), 3)).rejects.toThrow("zero byte at offset 1");
  await expect(convert(wide.subarray(0, -1), 3)).rejects.toThrow("a.jsonl: text must be UTF-16");
});
