import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { OpenSafetensors, readSafetensors, writeSafetensors } from "./safetensors.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-safetensors-"));
afterAll(() => rm(directory, { recursive: true }));
const path = join(directory, "a.safetensors");

/** Writes a file from raw parts: length, header, data. */
async function writeRaw(header: unknown, data: Uint8Array): Promise<void> {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(path, Buffer.concat([length, json, data]));
}

test("reads back what was written bit by bit, with its metadata", async () => {
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

test("upcasts float16 and bfloat16 exactly", async () => {
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

/** Creates the header entry of a tensor. */
const entry = (shape: number[], begin: number, end: number, dtype = "F32"): object => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test.each([
  ["another type", { w: entry([1], 0, 8, "I64") }, "w must be F32, F16 or BF16, got I64"],
  ["an unknown type", { w: entry([1], 0, 8, "F7") }, 'w must have a known dtype, got "F7"'],
  ["another size", { w: entry([3], 0, 8) }, "w of shape [3] must have 12 bytes, got 8"],
  [
    "an end beyond the file",
    { w: entry([3], 0, 12) },
    "w must end within the file, got 12 of 8 bytes",
  ],
  [
    "an overlap",
    { v: entry([1], 0, 4), w: entry([1], 0, 4) },
    "w must begin where the tensor before it ends, at byte 4, got 0",
  ],
  [
    "a hole",
    { v: entry([0], 0, 0), w: entry([1], 4, 8) },
    "w must begin where the tensor before it ends, at byte 0, got 4",
  ],
  ["bytes left over", { w: entry([1], 0, 4) }, "tensors must fill 8 bytes of data, got 4"],
  [
    "a negative length",
    { w: entry([-2], 0, 8) },
    "w must have a shape and two data_offsets, got {",
  ],
  [
    "an end before the beginning",
    { w: entry([2], 8, 0) },
    "w of shape [2] must have 8 bytes, got -8",
  ],
  ["an oversized shape", { w: entry([2 ** 40, 2 ** 40], 0, 8) }, "w of shape [1099511627776"],
  [
    "metadata that is not a string",
    { __metadata__: { a: 1 }, w: entry([2], 0, 8) },
    "__metadata__.a must be a string, got 1",
  ],
])("refuses a file with %s, by name", async (_, header, message) => {
  await writeRaw(header, new Uint8Array(8));
  await expect(readSafetensors(path)).rejects.toThrow(`${path}: ${message}`);
});

test("refuses an invalid header", async () => {
  const withHeader = async (length: bigint, text: string): Promise<void> => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(length);
    await writeFile(path, Buffer.concat([bytes, Buffer.from(text, "latin1")]));
  };
  await writeFile(path, "abc");
  await expect(readSafetensors(path)).rejects.toThrow(`${path}: must have at least 8 bytes, got 3`);
  await withHeader(2n ** 60n, "{}");
  await expect(readSafetensors(path)).rejects.toThrow(
    `${path}: header must fit into the file and into 100 MB, got a length of ${2n ** 60n} in 10 bytes`,
  );
  await withHeader(2n, "{");
  await expect(readSafetensors(path)).rejects.toThrow("header must fit into the file");
  await withHeader(2n, "[]");
  await expect(readSafetensors(path)).rejects.toThrow(`${path}: header: must be a JSON object`);
  await withHeader(3n, '{"\xff');
  await expect(readSafetensors(path)).rejects.toThrow(`${path}: header must be UTF-8`);
  const twice = `{"w":${JSON.stringify(entry([0], 0, 0))},"w":${JSON.stringify(entry([0], 0, 0))}}`;
  await withHeader(BigInt(twice.length), twice);
  await expect(readSafetensors(path)).rejects.toThrow(
    `${path}: header must contain each name once, got "w" twice`,
  );
});

test("names the index of a value that is not finite, if requested", async () => {
  const values = new Float32Array(12);
  values[7] = Number.NaN;
  await writeSafetensors(path, new Map([["w", { shape: [2, 3, 2], values }]]));
  const file = await OpenSafetensors.open(path);
  expect(await file.read("w")).toEqual(values);
  // Index 7 in row-major order: 7 = 1 * 6 + 0 * 2 + 1.
  await expect(file.read("w", { requireFinite: true })).rejects.toThrow(
    `${path}: w[1, 0, 1] must be finite, got NaN`,
  );
  await expect(file.read("v")).rejects.toThrow(
    `${path}: v must be in the file, got no such tensor`,
  );
  await file.close();
});

test("rounds to 16 bits if requested, and refuses values that do not fit", async () => {
  const values = Float32Array.of(1, 257, 65520);
  const tensors = new Map([["w", { shape: [3], values }]]);
  await writeSafetensors(path, tensors, { type: "BF16" });
  expect([...(await readSafetensors(path)).tensors.get("w")!.values]).toEqual([1, 256, 65536]);
  await expect(writeSafetensors(path, tensors, { type: "F16" })).rejects.toThrow(
    "writeSafetensors: w[2] must fit into F16, got 65520",
  );
  // A failed write leaves the earlier file unchanged.
  expect([...(await readSafetensors(path)).tensors.get("w")!.values]).toEqual([1, 256, 65536]);
});

test("reads and writes tensors of more than one chunk", async () => {
  const values = Float32Array.from({ length: 2 ** 21 + 3 }, (_, i) => i % 251);
  for (const type of ["F32", "F16", "BF16"] as const) {
    await writeSafetensors(path, new Map([["w", { shape: [values.length], values }]]), { type });
    const { tensors } = await readSafetensors(path);
    // Compare bytes, because vitest compares two million numbers slowly.
    expect(Buffer.from(tensors.get("w")!.values.buffer).equals(Buffer.from(values.buffer))).toBe(
      true,
    );
  }
});

test("leaves no file behind if it cannot write", async () => {
  const missing = join(directory, "missing", "b.safetensors");
  await expect(writeSafetensors(missing, new Map())).rejects.toThrow("ENOENT");
  const wrong = new Map([["w", { shape: [2], values: new Float32Array(3) }]]);
  await expect(writeSafetensors(path, wrong)).rejects.toThrow(
    "writeSafetensors: w of shape [2] must have 2 values, got 3",
  );
});
