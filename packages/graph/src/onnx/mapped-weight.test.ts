import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, narrowToHalves, widenHalves } from "@turnwise/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gradients, trace, type Feed, type FileFeed } from "../index.ts";
import { createOnnxExecutor } from "./index.ts";

const random = createRandom("stored-weight");
const [rows, width] = [700, 320];
// Safetensors do not guarantee alignment, so let the first byte be at an odd offset.
const start = 9;
let directory: string;
let weight: FileFeed;
let wide: Feed;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "turnwise-stored-"));
  const halves = new Uint16Array(rows * width);
  const values = Float32Array.from(halves, () => 2 * random.next() - 1);
  narrowToHalves("BF16", values, halves);
  widenHalves("BF16", halves, values);
  const file = join(directory, "weights");
  await writeFile(file, Buffer.concat([Buffer.alloc(start), new Uint8Array(halves.buffer)]));
  weight = { file, offset: start, type: "BF16", shape: [rows, width] };
  wide = { data: values, shape: [rows, width] };
});

afterAll(() => rm(directory, { recursive: true }));

function numbers(...shape: number[]): Feed & { readonly data: Float32Array } {
  const length = shape.reduce((product, size) => product * size, 1);
  return { data: Float32Array.from({ length }, () => 2 * random.next() - 1), shape };
}

/** All operations that read a weight in blocks, and one that needs the whole weight. */
const readers = trace((g) => {
  const w = g.input("w", "float32", ["rows", width]);
  const bias = g.input("bias", "float32", ["rows"]);
  const x = g.input("x", "float32", ["n", width]);
  const z = g.input("z", "float32", ["n", "rows"]);
  const y = g.linear(x, w, bias);
  return {
    linear: y,
    plain: g.linear(x, w),
    transposed: g.matmul(x, w, { transposeB: true, scale: 0.5 }),
    product: g.matmul(z, w, { scale: 3 }),
    gathered: g.gather(w, g.input("ids", "int32", ["n"])),
    whole: g.reduceSum(g.multiply(w, w), { axes: [1] }),
    gradient: gradients(g, g.reduceSum(g.multiply(y, y)), [x])[0]!,
    same: w,
  };
});

describe("memory-mapped weights", () => {
  it.each([{}, { binding: "node" as const }])("compute the same as arrays, %o", async (options) => {
    const executor = createOnnxExecutor({ threads: 2, ...options });
    const bias = numbers(rows);
    const stored = await executor.compile(readers, { frozen: { w: weight, bias } });
    const fed = await executor.compile(readers, { frozen: { bias } });
    const feeds = {
      x: numbers(5, width),
      z: numbers(5, rows),
      ids: { data: Int32Array.of(3, rows - 1, 0, 3, 17), shape: [5] },
    };
    const [actual, expected] = [await stored.run(feeds), await fed.run({ ...feeds, w: wide })];
    for (const name of ["linear", "plain", "transposed", "gathered", "whole", "same"] as const) {
      expect(actual[name]).toEqual(expected[name]);
    }
    // Sums over rows are computed block by block, that is, 700 terms of about 1/3 in a different
    // order.
    for (const name of ["product", "gradient"] as const) {
      const largest = expected[name].data.reduce((most, value) => Math.max(most, Math.abs(value)));
      const error = expected[name].data.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - actual[name].data[i]!)),
        0,
      );
      expect(error / largest).toBeLessThan(1e-5);
    }
    await stored.release();
    await fed.release();
  });

  it.each([1, 2, 4, 8])(
    "give a row the same bits in any batch, with %i threads",
    async (threads) => {
      const program = trace((g) => ({
        y: g.linear(g.input("x", "float32", ["n", width]), g.input("w", "float32", [rows, width])),
      }));
      const executor = createOnnxExecutor({ threads });
      const executable = await executor.compile(program, { frozen: { w: weight } });
      const x = numbers(1500, width);
      const alone = await executable.run({
        x: { data: x.data.subarray(0, 2 * width), shape: [2, width] },
      });
      for (const n of [3, 7, 33, 150, 340, 800, 1500]) {
        const { y } = await executable.run({
          x: { data: x.data.subarray(0, n * width), shape: [n, width] },
        });
        expect(y.data.slice(0, 2 * rows)).toEqual(alone.y.data);
      }
      await executable.release();
    },
  );

  it("support all sizes and empty tensors like arrays", async () => {
    const executor = createOnnxExecutor({ threads: 1 });
    const program = trace((g) => {
      const w = g.input("w", "float32", ["rows", width]);
      const x = g.input("x", "float32", ["n", width]);
      return { y: g.linear(x, w), count: g.size("rows", "float32") };
    });
    const executable = await executor.compile(program, { frozen: { w: weight } });
    expect((await executable.run({ x: numbers(2, width) })).count.data).toEqual(
      Float32Array.of(rows),
    );
    const { y } = await executable.run({ x: numbers(0, width) });
    expect(y.shape).toEqual([0, rows]);
    await executable.release();
  });

  it("are refused if they do not fit", async () => {
    const executor = createOnnxExecutor();
    const program = trace((g) => ({ y: g.input("w", "float32", [rows, width]) }));
    const compile = (change: Partial<FileFeed>) =>
      executor.compile(program, { frozen: { w: { ...weight, ...change } } });
    await expect(compile({ offset: 10 })).rejects.toThrow(
      `compile: frozen w must end within ${weight.file} (${9 + 2 * rows * width} bytes), got an end at byte ${10 + 2 * rows * width}`,
    );
    await expect(compile({ offset: -1 })).rejects.toThrow(
      "compile: frozen w: offset must be a whole number >= 0, got -1",
    );
    await expect(compile({ shape: [width, rows] })).rejects.toThrow(
      `compile: feed w must have shape [${rows}, ${width}], got [${width}, ${rows}]`,
    );
    await expect(compile({ file: join(directory, "none") })).rejects.toThrow("ENOENT");
  });
});
