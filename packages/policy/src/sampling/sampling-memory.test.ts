import { createRandom, type SampledResponse, type SampleRequest } from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { describe, expect, test } from "vitest";
import { closeTo } from "../testing/close-to.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";
import { SamplingEngine } from "./sampling-engine.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

const config = {
  ...smallModelConfig({ vocabularySize: 40, hiddenSize: 32, numLayers: 2, maxSequenceTokens: 400 }),
  initializerRange: 0.3,
};
const layout = parameterLayout(config);
const parameters = initialParameters(config, "memory");
const executor = createOnnxExecutor({ threads: 1 });
/** Bytes of 64 positions in two layers with one head of size 32. */
const pageBytes = 2 * 2 * 64 * 32 * 4;

const random = createRandom("prompts");
const drawTokens = (length: number): number[] =>
  Array.from({ length }, () => random.integer(config.vocabularySize));
const request = (
  promptTokens: number[],
  overrides: Partial<SampleRequest> = {},
): SampleRequest => ({
  promptTokens,
  seed: `seed of ${promptTokens.join()}`,
  maxTokens: 12,
  stopTokens: [],
  ...overrides,
});

/** Samples all requests at once, and records the order in which they finish. */
async function sampleAll(
  engine: SamplingEngine,
  requests: readonly SampleRequest[],
): Promise<{ responses: SampledResponse[]; ended: number[] }> {
  const ended: number[] = [];
  const responses = await Promise.all(
    requests.map(async (each, i) => {
      const response = await engine.sample(each);
      ended.push(i);
      return response;
    }),
  );
  return { responses, ended };
}

describe.each(["host", "device"] as const)("with keys and values on the %s", (cache) => {
  const same = <T>(expected: T): T => (cache === "host" ? expected : closeTo(expected));

  async function createEngine(numPages: number, stepTokens = 512): Promise<SamplingEngine> {
    const cacheBytes = numPages * pageBytes;
    const engine = new SamplingEngine({ layout, executor, stepTokens, cacheBytes, cache });
    await engine.load(parameters);
    return engine;
  }

  test("admits requests in order if there is memory for only one", async () => {
    const requests = [100, 30, 110, 90].map((length) => request(drawTokens(length)));
    const roomy = await createEngine(100);
    const engine = await createEngine(2);
    const { responses, ended } = await sampleAll(engine, requests);
    expect(responses).toEqual(same((await sampleAll(roomy, requests)).responses));
    expect(ended).toEqual([0, 1, 2, 3]);
    expect(engine.usage()).toEqual({
      usedBytes: 0,
      maxBytes: 2 * pageBytes,
      numActive: 0,
      numWaiting: 0,
      numIdle: 0,
      numPreemptions: 0,
    });
    await Promise.all([engine.close(), roomy.close()]);
  });

  test("preempts later requests as earlier ones grow, and samples the same bits", async () => {
    // Each request needs one page at first and three at the end: five can start, but only two can
    // finish together.
    const requests = Array.from({ length: 5 }, (_, i) =>
      request(drawTokens(40 + i), { maxTokens: 130 }),
    );
    const roomy = await createEngine(100);
    const engine = await createEngine(6);
    const { responses, ended } = await sampleAll(engine, requests);
    expect(responses).toEqual(same((await sampleAll(roomy, requests)).responses));
    expect(ended).toEqual([0, 1, 2, 3, 4]);
    expect(engine.usage().numPreemptions).toBeGreaterThan(0);
    expect(roomy.usage().numPreemptions).toBe(0);
    await Promise.all([engine.close(), roomy.close()]);
  });

  test("evicts idle sequences, least recently used first", async () => {
    const engine = await createEngine(3);
    const prompts = ["a", "b", "c"].map((name) => ({ name, prompt: drawTokens(40) }));
    for (const { name, prompt } of prompts)
      await engine.sample(request(prompt, { sequenceId: name }));
    expect(engine.usage()).toMatchObject({ usedBytes: 3 * pageBytes, numIdle: 3 });
    // One more page is needed, so the first sequence is evicted; the third is only extended.
    const cost = async (index: number): Promise<number> => {
      const before = engine.timings!.numTokens;
      const { name, prompt } = prompts[index]!;
      await engine.sample(request(prompt, { sequenceId: name }));
      return engine.timings!.numTokens - before;
    };
    await engine.sample(request(drawTokens(10), { sequenceId: "d" }));
    expect(await cost(2)).toBe(1 + 11);
    expect(await cost(1)).toBe(1 + 11);
    expect(await cost(0)).toBe(40 + 11);
    await engine.close();
  });

  test("shares the pages of a common prefix", async () => {
    const engine = await createEngine(4 + 8);
    const shared = drawTokens(4 * 64);
    // Each of the eight requests needs one page of its own; without sharing they would need forty.
    const requests = Array.from({ length: 8 }, (_, i) =>
      request([...shared, ...drawTokens(5)], { seed: `${i}`, maxTokens: 30 }),
    );
    const first = await engine.sample(
      request([...shared, 1], { sequenceId: "first", maxTokens: 1 }),
    );
    expect(first.tokens).toHaveLength(1);
    const running = sampleAll(engine, requests);
    let most = 0;
    while (engine.usage().numWaiting > 0 || engine.usage().numActive > 0) {
      most = Math.max(most, engine.usage().numActive);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const roomy = await createEngine(100);
    expect((await running).responses).toEqual(same((await sampleAll(roomy, requests)).responses));
    expect(most).toBe(8);
    expect(engine.usage().numPreemptions).toBe(0);
    await Promise.all([engine.close(), roomy.close()]);
  });

  test("refuses at once a request that can never fit, with the numbers", async () => {
    const engine = await createEngine(2);
    const asked = engine.sample(request(drawTokens(100), { maxTokens: 30 }));
    await expect(asked).rejects.toThrow(
      new RangeError(
        `sample: keys and values of promptTokens and maxTokens must fit into cacheBytes ${2 * pageBytes}, got 100 + 30 tokens, which need ${3 * pageBytes} bytes`,
      ),
    );
    expect(engine.timings!.numSteps).toBe(0);
    // The last token of a response is not cached.
    const { tokens } = await engine.sample(request(drawTokens(100), { maxTokens: 29 }));
    expect(tokens).toHaveLength(29);
    await engine.close();
  });

  test("frees memory at once when a request is cancelled, at any point", async () => {
    const engine = await createEngine(4, 16);
    const waiting = request(drawTokens(20), { maxTokens: 5 });
    for (let turns = 0; turns < 60; turns += 3) {
      const asked = request(drawTokens(150), { maxTokens: 60 });
      const outcome = engine.sample(asked).catch((error: Error) => error.message);
      for (let turn = 0; turn < turns; turn++) await new Promise((r) => setImmediate(r));
      engine.cancel(asked, new Error("too late"));
      expect(engine.usage()).toMatchObject({ usedBytes: 0, numActive: 0, numWaiting: 0 });
      expect(await outcome).toBe("too late");
    }
    expect((await engine.sample(waiting)).tokens).toHaveLength(5);
    await engine.close();
  });

  test("starves no request when shorter ones keep arriving", async () => {
    // With two tokens per step, requests with one pending token would always go first.
    const engine = await createEngine(100, 2);
    const done = new Set<string>();
    const sampleLong = async (): Promise<void> => {
      await engine.sample(request(drawTokens(60), { maxTokens: 2 }));
      done.add("long");
    };
    const keepComing = async (name: number): Promise<void> => {
      for (let i = 0; i < 400 && done.size === 0; i++) {
        await engine.sample(request([i % 40], { seed: `${name}/${i}`, maxTokens: 4 }));
      }
      expect(done.size).toBe(1);
    };
    await Promise.all([sampleLong(), ...[1, 2, 3].map(keepComing)]);
    await engine.close();
  });
});
