import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SampleRequest } from "@turnwise/core";
import type { CompileOptions, Executable, Executor, FileFeed, Program } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { expect, test } from "vitest";
import { openCheckpoint, writeCheckpoint } from "../../checkpoints/checkpoint.ts";
import { adapterConfig, initialAdapter } from "../../model/lora.ts";
import { smallModelConfig } from "../../model/model-config.ts";
import { initialParameters } from "../../model/parameter-table.ts";
import { closeTo } from "../../testing/close-to.ts";
import { countingExecutor } from "../../testing/counting-executor.ts";
import { SamplingEngine } from "../sampling-engine.ts";
import { parameterLayout } from "../../model/parameter-layout.ts";

const config = {
  ...smallModelConfig({
    vocabularySize: 1000,
    hiddenSize: 32,
    numLayers: 2,
    maxSequenceTokens: 3000,
  }),
  initializerRange: 0.3,
};
const layout = parameterLayout(config);
const parameters = initialParameters(config, "device");
const onnx = createOnnxExecutor({ threads: 1 });

async function createEngine(executor: Executor): Promise<SamplingEngine> {
  const options = { layout, executor, stepTokens: 512, cacheBytes: 2 ** 24 };
  const engine = new SamplingEngine({ ...options, cache: "device" });
  await engine.load(parameters);
  return engine;
}

const request = (overrides: Partial<SampleRequest> = {}): SampleRequest => ({
  promptTokens: Array.from({ length: 40 }, (_, i) => (i * i) % 1000),
  seed: "seed",
  maxTokens: 20,
  stopTokens: [],
  ...overrides,
});

test("transfers a few numbers per token, and releases everything", async () => {
  const executor = countingExecutor(onnx);
  const engine = await createEngine(executor);
  await engine.sample(request({ sequenceId: "a" }));
  const { numLive, numMoved } = executor;
  const prompts = [0, 1, 2].map((i) => [...request().promptTokens, i]);
  await Promise.all(prompts.map((promptTokens) => engine.sample(request({ promptTokens }))));
  // One row of logits would be 1000 entries, and one page of one layer 4096.
  expect(executor.numMoved - numMoved).toBeLessThan(20 * 100);
  expect(executor.numLive).toBe(numLive);
  await engine.load(parameters);
  await engine.sample(request());
  expect(executor.numLive).toBe(numLive);
  await engine.close();
  expect(executor.numLive).toBe(0);
});

test("continues from page to page while its tables grow", async () => {
  const [here, there] = [
    new SamplingEngine({ layout, executor: onnx, stepTokens: 512, cacheBytes: 2 ** 24 }),
    await createEngine(onnx),
  ];
  await here.load(parameters);
  // These rows need 44 pages; tables start with 16.
  const rows = [2500, 300].map((length) =>
    Array.from({ length }, (_, i) => (i * i + length) % 1000),
  );
  const [expected, scores] = await Promise.all([here.score(rows), there.score(rows)]);
  scores.forEach(({ logProbs, entropies }, row) => {
    expect([...logProbs]).toEqual(closeTo([...expected[row]!.logProbs]));
    expect([...entropies]).toEqual(closeTo([...expected[row]!.entropies]));
  });
  await Promise.all([here.close(), there.close()]);
});

test("memory-maps weights, with an adapter next to them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "device-runner-"));
  await writeCheckpoint(folder, { config, parameters }, { type: "BF16" });
  const adapter = initialAdapter(config, parameters, adapterConfig(config, { rank: 2 }), 1);
  // `B` of a new adapter is 0, which would not change anything.
  for (const values of adapter.parameters.values()) values.fill(0.02);
  const checkpoint = await openCheckpoint(folder, layout);
  const options = { layout, executor: onnx, stepTokens: 512, cacheBytes: 2 ** 24 };
  const scores = [];
  for (const cache of ["host", "device"] as const) {
    const engine = new SamplingEngine({ ...options, cache });
    const read = (name: string): Float32Array | FileFeed =>
      adapter.parameters.get(name) ?? checkpoint.locate(name);
    await engine.loadFrom(read, parameterLayout(config, { adapter: adapter.config }));
    const [row] = await engine.score([request().promptTokens]);
    scores.push([...row!.entropies]);
    await engine.close();
  }
  expect(scores[1]).toEqual(closeTo(scores[0]));
  await checkpoint.close();
  await rm(folder, { recursive: true });
});

test("accepts a budget beyond 4 GiB, unlike memory with 32-bit addresses", async () => {
  const options = { layout, executor: onnx, stepTokens: 512, cacheBytes: 2 ** 36 };
  const [here, there] = (["host", "device"] as const).map(
    (cache) => new SamplingEngine({ ...options, cache }),
  );
  expect(here!.usage().maxBytes).toBeLessThan(2 ** 32);
  expect(there!.usage().maxBytes).toBe(2 ** 36);
  await Promise.all([here!.close(), there!.close()]);
});

/**
 * Executor with one failing run after `numGood` good ones, like a device that runs out of memory.
 */
function failingExecutor(numGood: number): Executor {
  let numLeft = numGood;
  return {
    compile: async <Name extends string, Resident extends Name = never>(
      program: Program<Name>,
      options?: CompileOptions<Resident>,
    ): Promise<Executable<Name, Resident>> => {
      const executable = await onnx.compile(program, options);
      return {
        run: async (feeds) => {
          if (numLeft-- !== 0) return executable.run(feeds);
          for (const name of options?.consumed ?? []) {
            const feed = feeds[name]!;
            if (!("data" in feed)) feed.dispose();
          }
          throw new Error("out of memory");
        },
        release: () => executable.release(),
      };
    },
    upload: (feed) => onnx.upload(feed),
  };
}

test("clears what a failed run consumed, and continues", async () => {
  const fine = await createEngine(onnx);
  const expected = await fine.sample(request());
  await fine.close();
  // One run for the prompt and one per token, then the runs of the next request.
  const engine = await createEngine(failingExecutor(20 + 5));
  expect(await engine.sample(request({ sequenceId: "a" }))).toEqual(expected);
  expect(engine.usage().numIdle).toBe(1);
  await expect(engine.sample(request({ sequenceId: "b", seed: "c" }))).rejects.toThrow(
    "out of memory",
  );
  expect(engine.usage()).toMatchObject({ usedBytes: 0, numIdle: 0, numActive: 0 });
  expect(await engine.sample(request({ sequenceId: "a" }))).toEqual(expected);
  await engine.close();
});
