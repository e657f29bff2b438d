import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import {
  attention,
  gradients,
  interpret,
  logProbAndEntropy,
  trace,
  type Feed,
  type Program,
} from "@turnwise/graph";
import { executorLaws } from "@turnwise/graph/laws";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { diagnoseProvider } from "./diagnose.ts";

const diagnosis = await diagnoseProvider("webgpu");
const why = diagnosis.isUsable ? "" : ` (skipped here: ${diagnosis.detail})`;
const random = createRandom("webgpu");

function numbers(...shape: number[]): Feed & { readonly data: Float32Array } {
  const length = shape.reduce((product, size) => product * size, 1);
  return { data: Float32Array.from({ length }, () => random.next() - 0.5), shape };
}

/**
 * Traces one layer of a language model with loss and all gradients, for any batch size and length.
 */
function layer(): Program {
  return trace((g) => {
    const weights = [
      g.input("embedding", "float32", [11, 8]),
      g.input("norm", "float32", [8]),
      g.input("query", "float32", [8, 8]),
      g.input("key", "float32", [4, 8]),
    ] as const;
    const [embedding, norm, queryWeight, keyWeight] = weights;
    const tokens = g.input("tokens", "int32", ["batch", "time"]);
    const x = g.rmsNorm(g.gather(embedding, tokens), norm);
    const query = g.reshape(g.linear(x, queryWeight), ["batch", "time", 4, 2]);
    const key = g.reshape(g.linear(x, keyWeight), ["batch", "time", 2, 2]);
    const mixed = attention(g, { query, key, value: key }, { causal: true, blocks: 2 });
    const targets = g.reshape(tokens, ["batch*time"]);
    const { logProbs, entropies } = logProbAndEntropy(g, {
      hidden: g.reshape(mixed, ["batch*time", 8]),
      head: embedding,
      targets,
    });
    const loss = g.reduceMean(g.subtract(g.multiply(entropies, 0.1), logProbs));
    const found = gradients(g, loss, weights);
    return { loss, ...Object.fromEntries(found.map((tensor, i) => [`d${i}`, tensor])) };
  });
}

function layerFeeds(batch: number, time: number): Record<string, Feed> {
  const tokens = Int32Array.from({ length: batch * time }, () => random.integer(11));
  return {
    embedding: numbers(11, 8),
    norm: numbers(8),
    query: numbers(8, 8),
    key: numbers(4, 8),
    tokens: { data: tokens, shape: [batch, time] },
  };
}

describe.skipIf(!diagnosis.isUsable)(`the ONNX executor on WebGPU${why}`, () => {
  const executor = createOnnxExecutor({ provider: "webgpu" });
  for (const law of executorLaws(executor)) it(`satisfies the law: ${law.name}`, law.check);

  const half = createOnnxExecutor({ provider: "webgpu", products: "float16" });
  const withProducts = /matmul|linear|attention|logProbAndEntropy|trains/u;
  const laws = executorLaws(half, { tolerance: 5e-3 });
  for (const law of laws.filter(({ name }) => withProducts.test(name))) {
    it(`satisfies to three digits in float16: ${law.name}`, law.check);
  }

  it("computes only products in float16", async () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", [1, 1]);
      const one = g.constant([1], { shape: [1, 1] });
      return { product: g.matmul(x, one), sum: g.add(x, 0), scaled: g.multiply(x, one) };
    });
    const executable = await half.compile(program);
    // 2049 needs twelve significant bits; float16 has eleven.
    const x = { data: Float32Array.of(2049), shape: [1, 1] };
    const { product, sum, scaled } = await executable.run({ x });
    expect([product.data[0], sum.data[0], scaled.data[0]]).toEqual([2048, 2049, 2049]);
    await executable.release();
  });

  it("places every operation of a training program on the GPU, at all sizes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "turnwise-placement-"));
    const profiled = createOnnxExecutor({
      provider: "webgpu",
      profilePrefix: join(folder, "trace"),
    });
    const executable = await profiled.compile(layer());
    for (const [batch, time] of [
      [2, 5],
      [1, 9],
    ] as const) {
      await executable.run(layerFeeds(batch, time));
    }
    await executable.release();
    const files = await readdir(folder);
    expect(files.length).toBe(1);
    const events = JSON.parse(await readFile(join(folder, files[0]!), "utf8")) as readonly {
      readonly name: string;
      readonly args?: { readonly provider?: string; readonly op_name?: string };
    }[];
    const kernels = events.filter(({ name }) => name.endsWith("_kernel_time"));
    expect(kernels.length).toBeGreaterThan(100);
    const elsewhere = kernels.filter(({ args }) => args?.provider !== "WebGpuExecutionProvider");
    expect(elsewhere.map(({ args }) => args?.op_name)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it("computes attention over fewer tokens than blocks, where some blocks are empty", async () => {
    const program = layer();
    const executable = await executor.compile(program);
    const feeds = layerFeeds(2, 1);
    const outputs = await executable.run(feeds);
    for (const [name, { data }] of Object.entries(interpret(program, feeds))) {
      data.forEach((value, i) => expect(outputs[name]!.data[i]).toBeCloseTo(value, 5));
    }
    await executable.release();
  });

  it("keeps weights and cache on the device: a handle has no data to read by mistake", async () => {
    const program = trace((g) => {
      const past = g.input("past", "float32", ["n", 2]);
      return { cache: g.concat([past, g.input("row", "float32", [1, 2])], 0) };
    });
    const executable = await executor.compile(program, { resident: ["cache"] });
    let past = await executor.upload({ data: Float32Array.of(1, 2), shape: [1, 2] });
    for (let i = 0; i < 3; i++) {
      const { cache } = await executable.run({
        past,
        row: { data: Float32Array.of(i, -i), shape: [1, 2] },
      });
      past.dispose();
      past = cache;
    }
    expect(Object.keys(past)).toEqual(["dtype", "shape"]);
    expect(past.shape).toEqual([4, 2]);
    await executable.release();
    expect([...(await past.read())]).toEqual([1, 2, 0, -0, 1, -1, 2, -2]);
    past.dispose();
  });
});

describe.skipIf(diagnosis.isUsable)("the ONNX executor without a GPU", () => {
  it("reports what WebGPU lacks and how to get it", async () => {
    const program = trace((g) => ({ y: g.exp(g.input("x", "float32", ["n"])) }));
    const executor = createOnnxExecutor({ provider: "webgpu" });
    const message = /^compile: provider webgpu cannot be used on this computer: .*driver/u;
    await expect(executor.compile(program)).rejects.toThrow(message);
    await expect(executor.upload(numbers(2))).rejects.toThrow(message);
  });
});
