import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-safetensors-"));
afterAll(() => rm(directory, { recursive: true }));
const path = join(directory, "a.safetensors");

/** A file by hand: length, header, data. */
async function writeRaw(header: unknown, data: Uint8Array): Promise<void> {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(path, Buffer.concat([length, json, data]));
}

test("returns what was written, bit by bit, with its metadata", async () => {
  const tensor = fc.array(fc.float(), { maxLength: 9 }).map((values) => ({
    shape: [values.length, 1],
    values: Float32Array.from(values),
  }));
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-z.]{1,9}$/), tensor), async (record) => {
      const tensors = new Map(Object.entries(record));
      await writeSafetensors(path, tensors, { metadata: { step: "3" } });
      const read = await readSafetensors(path);
      expect(read.metadata).toEqual({ step: "3" });
      expect(new Map(read.tensors)).toEqual(tensors);
    }),
    { numRuns: 30 },
  );
  expect(await readdir(directory)).toEqual(["a.safetensors"]);
});

test("widens float16 and bfloat16 exactly", async () => {
  // float16: 1.5, -2, 2^-24 (smallest subnormal), 1023 * 2^-24 (largest), infinity; bfloat16: 1.5, -2.
  const data = Buffer.alloc(14);
  [0x3e00, 0xc000, 0x0001, 0x03ff, 0x7c00, 0x3fc0, 0xc000].forEach((bits, i) =>
    data.writeUInt16LE(bits, 2 * i),
  );
  await writeRaw(
    {
      half: { dtype: "F16", shape: [5], data_offsets: [0, 10] },
      brain: { dtype: "BF16", shape: [2], data_offsets: [10, 14] },
    },
    data,
  );
  const { tensors } = await readSafetensors(path);
  expect([...tensors.get("half")!.values]).toEqual([
    1.5,
    -2,
    2 ** -24,
    1023 * 2 ** -24,
    Number.POSITIVE_INFINITY,
  ]);
  expect([...tensors.get("brain")!.values]).toEqual([1.5, -2]);
});

test("names file and tensor of a damaged file", async () => {
  await writeRaw({ w: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, new Uint8Array(8));
  await expect(readSafetensors(path)).rejects.toThrow(
    `${path}: w must be F32, F16 or BF16, got I64`,
  );
  await writeRaw({ w: { dtype: "F32", shape: [3], data_offsets: [0, 8] } }, new Uint8Array(8));
  await expect(readSafetensors(path)).rejects.toThrow("w of shape [3] must have 12 bytes, got 8");
  await writeRaw({ w: { dtype: "F32", shape: [3], data_offsets: [0, 12] } }, new Uint8Array(8));
  await expect(readSafetensors(path)).rejects.toThrow(
    "w must end within the file, got 12 of 8 bytes",
  );
  await writeFile(path, "abc");
  await expect(readSafetensors(path)).rejects.toThrow("must have at least 8 bytes, got 3");
});

test("leaves no file behind when it cannot write", async () => {
  const missing = join(directory, "missing", "b.safetensors");
  await expect(writeSafetensors(missing, new Map())).rejects.toThrow("ENOENT");
  const wrong = new Map([["w", { shape: [2], values: new Float32Array(3) }]]);
  await expect(writeSafetensors(path, wrong)).rejects.toThrow(
    "writeSafetensors: w of shape [2] must have 2 values, got 3",
  );
});
