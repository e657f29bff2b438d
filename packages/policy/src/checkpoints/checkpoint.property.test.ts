import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-corruption-"));
afterAll(() => rm(directory, { recursive: true }));

const config = smallModelConfig({ vocabularySize: 7, hiddenSize: 8, numLayers: 1, numHeads: 2 });
const parameters = initialParameters(config, 0);
await writeCheckpoint(directory, { config, parameters });
const path = join(directory, "model.safetensors");
const intact = await readFile(path);
const dataStart = 8 + Number(intact.readBigUInt64LE());

const offset = (below: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: below - 1 });
const byte = fc.integer({ min: 0, max: 255 });

/** Changes bytes at the start of a file: the length of the header, names, shapes, offsets. */
const headBytes = fc
  .array(fc.tuple(offset(dataStart), byte), { minLength: 1, maxLength: 3 })
  .map((changes) => {
    const bytes = Buffer.from(intact);
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  });

/**
 * Changes digits in the header, so that the header is still valid JSON but contains wrong numbers.
 */
const digits = fc
  .array(fc.tuple(offset(dataStart - 8), fc.integer({ min: 0, max: 9 })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((changes) => {
    const bytes = Buffer.from(intact);
    for (const [from, digit] of changes) {
      let at = 8 + from;
      while (at < dataStart && (bytes[at]! < 48 || bytes[at]! > 57)) at++;
      if (at < dataStart) bytes[at] = 48 + digit;
    }
    return bytes;
  });

const truncated = offset(intact.length).map((length) => intact.subarray(0, length));
const lengthened = fc
  .uint8Array({ minLength: 1, maxLength: 9 })
  .map((more) => Buffer.concat([intact, more]));
const cutOut = fc
  .tuple(offset(intact.length), fc.integer({ min: 1, max: 99 }))
  .map(([at, length]) => Buffer.concat([intact.subarray(0, at), intact.subarray(at + length)]));

test("a damaged header or length yields equal numbers or an error that names the file", async () => {
  const damaged = fc.oneof(headBytes, digits, truncated, lengthened, cutOut);
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      await writeFile(path, bytes);
      const outcome = await readCheckpoint(directory).then(
        (read) => read.parameters,
        (error: Error) => error.message.startsWith(`${path}: `),
      );
      expect([parameters, true]).toContainEqual(outcome);
    }),
    { numRuns: 300 },
  );
});

test("a damaged value changes only that value, or is refused as not finite", async () => {
  const change = fc.tuple(offset(intact.length - dataStart), byte);
  await fc.assert(
    fc.asyncProperty(change, async ([at, value]) => {
      const bytes = Buffer.from(intact);
      bytes[dataStart + at] = value;
      await writeFile(path, bytes);
      const whole = Buffer.concat([...parameters.values()].map((each) => Buffer.from(each.buffer)));
      whole[at] = value;
      const outcome = await readCheckpoint(directory).then(
        (read) =>
          Buffer.concat([...read.parameters.values()].map((each) => Buffer.from(each.buffer))),
        (error: Error) => error.message.replace(/.*must/, "must"),
      );
      const found = whole.readFloatLE(at - (at % 4));
      expect(outcome).toEqual(Number.isFinite(found) ? whole : `must be finite, got ${found}`);
    }),
    { numRuns: 100 },
  );
});
