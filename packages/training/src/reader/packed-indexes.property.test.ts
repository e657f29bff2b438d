import fc from "fast-check";
import { expect, it } from "vitest";
import { packIndex, unpackIndexes, type PackedIndex } from "./packed-indexes.ts";

const entries = fc.array(
  fc.record({ name: fc.string({ unit: "grapheme", maxLength: 40 }), bytes: fc.uint8Array() }),
);

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const size of sizes) {
    yield bytes.slice(start, start + size);
    start += size;
  }
  yield bytes.slice(start);
}

async function unpack(bytes: Uint8Array, sizes: readonly number[]): Promise<PackedIndex[]> {
  const all: PackedIndex[] = [];
  for await (const { name, bytes: own } of unpackIndexes(cut(bytes, sizes), "run/indexes.bin")) {
    all.push({ name, bytes: own.slice() });
  }
  return all;
}

it("gives back what was packed, whatever the parts that arrive", () =>
  fc.assert(
    fc.asyncProperty(entries, fc.array(fc.nat(50)), async (packed, sizes) => {
      const bytes = new Uint8Array(Buffer.concat(packed.map(packIndex)));
      expect(await unpack(bytes, sizes)).toEqual(packed);
    }),
  ));

it("reports a file that ends within an index", () =>
  fc.assert(
    fc.asyncProperty(entries, fc.nat(), async (packed, missing) => {
      const last = packIndex({ name: "iteration-0001", bytes: Uint8Array.of(1, 2, 3) });
      const end = last.length - 1 - (missing % (last.length - 1));
      const bytes = new Uint8Array(
        Buffer.concat([...packed.map(packIndex), last.subarray(0, end)]),
      );
      await expect(unpack(bytes, [])).rejects.toThrow(
        `run/indexes.bin: must end with a complete index, got ${end} bytes of an incomplete index`,
      );
    }),
  ));
