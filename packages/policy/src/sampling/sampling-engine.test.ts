import { join } from "node:path";
import {
  createRandom,
  NonFiniteError,
  type SampledResponse,
  type SampleRequest,
} from "@turnwise/core";
import type { ResidentTensor } from "@turnwise/graph";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { beforeEach, describe, expect, test } from "vitest";
import { readAdapter } from "../checkpoints/adapter-checkpoint.ts";
import { readCheckpoint } from "../checkpoints/checkpoint.ts";
import { adapterTable } from "../model/lora.ts";
import { closeTo } from "../testing/close-to.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters, parameterTable } from "../model/parameter-table.ts";
import { findSharedData, readGolden, type GoldenPolicy } from "../testing/shared-data.ts";
import { LearningEngine } from "../learning/learning-engine.ts";
import { AttentionCache } from "./host/attention-cache.ts";
import { ModelRunner } from "./host/model-runner.ts";
import type { SharedWeights, StepJob } from "./runner/runner.ts";
import { SamplingEngine, type SamplingEngineOptions } from "./sampling-engine.ts";
import type { RowScores } from "./score-rows.ts";
import { rotaryFeeds } from "../model/transformer.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

const config = {
  ...smallModelConfig({ vocabularySize: 40, hiddenSize: 64, numLayers: 2, maxSequenceTokens: 200 }),
  // Larger than for training, so that distributions differ between positions.
  initializerRange: 0.2,
};
const layout = parameterLayout(config);
const parameters = initialParameters(config, "sampler");
const executor = createOnnxExecutor({ threads: 2 });

let random = createRandom("prompts");
beforeEach(() => {
  random = createRandom("prompts");
});
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

describe.each(["host", "device"] as const)("with keys and values on the %s", (cache) => {
  /** Expects bitwise equality on the host, and equality up to float32 rounding on a device. */
  const same = <T>(expected: T): T => (cache === "host" ? expected : closeTo(expected));

  async function createEngine(
    overrides: Partial<SamplingEngineOptions> = {},
  ): Promise<SamplingEngine> {
    const engine = new SamplingEngine({
      layout,
      executor,
      stepTokens: 512,
      cacheBytes: 2 ** 26,
      threads: 2,
      cache,
      ...overrides,
    });
    await engine.load(parameters);
    return engine;
  }

  test("gives the same bits alone as with 29 others of other lengths", async () => {
    const requests = Array.from({ length: 30 }, (_, i) =>
      request(drawTokens(1 + ((7 * i) % 80)), {
        maxTokens: 1 + (i % 14),
        temperature: 0.5 + (i % 3) / 2,
      }),
    );
    const engine = await createEngine();
    const together = await Promise.all(requests.map((each) => engine.sample(each)));
    const alone: SampledResponse[] = [];
    for (const each of requests) alone.push(await engine.sample(each));
    expect(together).toEqual(same(alone));
    // Entropies are large enough to make equality a meaningful test.
    expect(Math.min(...alone.map(({ entropies }) => entropies[0]!))).toBeGreaterThan(0.5);
    await engine.close();
  });

  test("gives the same bits for any chunking of a prompt, and with one thread", async () => {
    const requests = [90, 41, 3].map((length) => request(drawTokens(length)));
    const engines = [
      await createEngine(),
      await createEngine({ stepTokens: 7 }),
      await createEngine({ stepTokens: 2 }),
      await createEngine({ executor: createOnnxExecutor({ threads: 1 }), threads: 1 }),
    ];
    const results = await Promise.all(
      engines.map((engine) => Promise.all(requests.map((each) => engine.sample(each)))),
    );
    for (const result of results) expect(result).toEqual(same(results[0]));
    await Promise.all(engines.map((engine) => engine.close()));
  });

  test("reads only the new tokens of a growing sequence, and samples as if it had read all", async () => {
    const engine = await createEngine();
    const numTokens = (): number => engine.timings!.numTokens;
    const context = drawTokens(30);
    for (let turn = 0; turn < 4; turn++) {
      const fresh = await engine.sample(request([...context]));
      const before = numTokens();
      const kept = await engine.sample(request([...context], { sequenceId: "a" }));
      expect(kept).toEqual(same(fresh));
      // The last token of the previous response must also be computed; the last token of this
      // response is not.
      expect(numTokens() - before).toBe((turn === 0 ? 30 : 11) + 11);
      context.push(...kept.tokens, ...drawTokens(10));
    }
    await engine.close();
  });

  test("frees a name that is released while its request waits, and answers both", async () => {
    const engine = await createEngine();
    const [one, other] = [drawTokens(20), drawTokens(30)];
    const expected = [await engine.sample(request(one)), await engine.sample(request(other))];
    const first = engine.sample(request(one, { sequenceId: "a" }));
    engine.release("a");
    const second = engine.sample(request(other, { sequenceId: "a" }));
    expect(await Promise.all([first, second])).toEqual(same(expected));
    expect(engine.usage().numIdle).toBe(1);
    await engine.close();
  });

  test("recomputes a sequence from the first difference, and completely after a release", async () => {
    const engine = await createEngine();
    const prompt = drawTokens(50);
    await engine.sample(request(prompt, { sequenceId: "a", maxTokens: 1 }));
    const changed = prompt.with(20, (prompt[20]! + 1) % config.vocabularySize);
    const expected = await engine.sample(request(changed));
    const cost = async (): Promise<number> => {
      const before = engine.timings!.numTokens;
      expect(await engine.sample(request(changed, { sequenceId: "a" }))).toEqual(same(expected));
      return engine.timings!.numTokens - before;
    };
    expect(await cost()).toBe(30 + 11);
    // Sample the same prompt again: only its last token is computed.
    expect(await cost()).toBe(1 + 11);
    engine.release("a");
    engine.release("never heard of");
    expect(await cost()).toBe(50 + 11);
    await engine.close();
  });

  test("computes a prefix shared by several prompts once, and samples as if each had", async () => {
    const engine = await createEngine({ stepTokens: 24 });
    const shared = drawTokens(60);
    const requests = Array.from({ length: 8 }, (_, i) =>
      // The last two prompts are longer, and share the additional tokens too.
      request(i < 6 ? shared : [...shared, ...shared.slice(0, 30)], { seed: `${i}` }),
    );
    const alone = await createEngine();
    const expected = [];
    for (const each of requests) expected.push(await alone.sample(each));
    expect(await Promise.all(requests.map((each) => engine.sample(each)))).toEqual(same(expected));
    // The prompt once; its last token for five siblings; 31 tokens of the longer prompts, of which
    // one also for the second; and the response tokens of each of the eight requests.
    expect(engine.timings!.numTokens).toBe(60 + 5 + 31 + 1 + 8 * 11);

    // One request after the others, and one while another request is active.
    await engine.sample(request(shared, { sequenceId: "held" }));
    const before = engine.timings!.numTokens;
    expect(await engine.sample(requests[2]!)).toEqual(same(expected[2]));
    expect(engine.timings!.numTokens - before).toBe(1 + 11);
    await Promise.all([engine.close(), alone.close()]);
  });

  test("continues if a sibling that computed the shared prompt is cancelled", async () => {
    const engine = await createEngine({ stepTokens: 8 });
    const shared = drawTokens(64);
    const [first, second, third] = ["a", "b", "c"].map((seed) => request(shared, { seed }));
    const expected = await engine.sample(second!);
    const start = engine.timings!.numTokens;
    const results = [first!, second!, third!].map((each) => engine.sample(each));
    const settled = Promise.allSettled(results);
    while (engine.timings!.numTokens < start + 24) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    engine.cancel(first!, new Error("gone"));
    const [gone, kept, other] = await settled;
    expect(gone).toMatchObject({ status: "rejected" });
    expect(kept).toEqual({ status: "fulfilled", value: same(expected) });
    expect(other).toMatchObject({ status: "fulfilled" });
    await engine.close();
  });

  test("ends a response at a stop token, which belongs to it, or at its maximum length", async () => {
    const engine = await createEngine();
    const prompt = drawTokens(9);
    const free = await engine.sample(request(prompt));
    expect(free.tokens).toHaveLength(12);
    expect(free.stopReason).toBe("length");
    const stop = free.tokens[4]!;
    const stopped = await engine.sample(request(prompt, { stopTokens: [stop] }));
    const end = free.tokens.indexOf(stop) + 1;
    expect(stopped).toEqual({
      tokens: free.tokens.slice(0, end),
      logProbs: free.logProbs.slice(0, end),
      entropies: free.entropies.slice(0, end),
      stopReason: "stop-token",
    });
    await engine.close();
  });

  test("samples from filtered distributions in any batch, and reports log-probs before and after filtering", async () => {
    const engine = await createEngine();
    const requests = Array.from({ length: 12 }, (_, i) =>
      request(drawTokens(5 + i), {
        temperature: 0.7,
        ...[{ topK: 3 }, { topP: 0.5 }, { minP: 0.3 }, { bannedTokens: [1, 2, 3], topK: 5 }][i % 4],
      }),
    );
    const free = await engine.sample(request(drawTokens(5)));
    expect(free.unfilteredLogProbs).toBeUndefined();
    const together = await Promise.all(requests.map((each) => engine.sample(each)));
    for (const [i, response] of together.entries()) {
      expect(await engine.sample(requests[i]!)).toEqual(same(response));
      response.logProbs.forEach((logProb, at) =>
        expect(logProb).toBeGreaterThanOrEqual(response.unfilteredLogProbs![at]!),
      );
      expect(Math.max(...response.logProbs)).toBeLessThanOrEqual(0);
    }
    // Three tokens are at least as likely as any other token.
    expect(Math.min(...together[0]!.unfilteredLogProbs!)).toBeGreaterThan(-Math.log(40));
    expect(together[3]!.tokens.filter((token) => token <= 3 && token > 0)).toEqual([]);
    await engine.close();
  });

  test("reports each token as it is drawn", async () => {
    const engine = await createEngine();
    const heard: number[][] = [[], []];
    const responses = await Promise.all(
      heard.map((list, i) =>
        engine.sample(request(drawTokens(8 + i)), ({ token, logProb, entropy }) =>
          list.push(token, logProb, entropy),
        ),
      ),
    );
    responses.forEach(({ tokens, logProbs, entropies }, i) =>
      expect(heard[i]).toEqual(tokens.flatMap((token, at) => [token, logProbs[at], entropies[at]])),
    );
    await engine.close();
  });

  test("scores rows as sampling scored their tokens", async () => {
    const engine = await createEngine({ stepTokens: 16 });
    const prompts = [1, 30, 90].map(drawTokens);
    const responses = await Promise.all(prompts.map((prompt) => engine.sample(request(prompt))));
    const rows = prompts.map((prompt, i) => [...prompt, ...responses[i]!.tokens]);
    const scores = await engine.score([...rows, [7]]);
    responses.forEach(({ logProbs, entropies }, i) => {
      const start = prompts[i]!.length - 1;
      expect([...scores[i]!.logProbs.subarray(start)]).toEqual(same(logProbs));
      expect([...scores[i]!.entropies.subarray(start, -1)]).toEqual(same(entropies));
      expect(scores[i]!.entropies).toHaveLength(rows[i]!.length);
    });
    expect(scores[3]!.logProbs).toHaveLength(0);
    expect(engine.usage().usedBytes).toBe(0);
    await expect(engine.score([[1], []])).rejects.toThrow(
      "score: rows[1] must have 1 to 200 tokens, got 0",
    );
    await expect(engine.score([[1, 99]])).rejects.toThrow("score: rows[0][1] must be");
    await engine.close();
  });

  test("samples differently with another seed, and deterministically at temperature 0", async () => {
    const engine = await createEngine();
    const prompt = drawTokens(9);
    const sample = (seed: string, temperature: number): Promise<SampledResponse> =>
      engine.sample(request(prompt, { seed, temperature }));
    expect((await sample("a", 1)).tokens).not.toEqual((await sample("b", 1)).tokens);
    expect(await sample("a", 0)).toEqual(await sample("b", 0));
    expect((await sample("a", 0)).logProbs).toEqual(Array.from({ length: 12 }, () => 0));
    await engine.close();
  });

  test("reports the log-probs and entropies that the learner computes for the same tokens", async () => {
    const engine = await createEngine();
    const learner = await LearningEngine.create(parameters, {
      layout,
      executor,
      optimizer: { learningRate: { peak: 0 } },
      microbatchTokens: 300,
    });
    const prompts = Array.from({ length: 12 }, (_, i) => drawTokens(1 + 13 * i));
    const responses = await Promise.all(prompts.map((prompt) => engine.sample(request(prompt))));
    const scored = await learner.score(
      prompts.map((prompt, i) => ({
        tokens: [...prompt, ...responses[i]!.tokens],
        spans: [{ turnIndex: 0, start: prompt.length, length: 12 }],
      })),
    );
    scored.forEach(({ spans: [span] }, i) => {
      span!.logProbs.forEach((logProb, t) =>
        expect(Math.abs(logProb - responses[i]!.logProbs[t]!)).toBeLessThan(1e-4),
      );
      span!.entropies.forEach((entropy, t) =>
        expect(Math.abs(entropy - responses[i]!.entropies[t]!)).toBeLessThan(1e-4),
      );
    });
    await engine.close();
    await learner.close();
  });

  test("answers earlier requests with the old weights, and later ones with the new", async () => {
    const engine = await createEngine();
    const other = await createEngine();
    const prompt = drawTokens(20);
    const old = await other.sample(request(prompt));
    const changed = initialParameters(config, "other");
    await other.load(changed);
    const fresh = await other.sample(request(prompt));
    expect(fresh.tokens).not.toEqual(old.tokens);

    const before = engine.sample(request(prompt, { sequenceId: "a" }));
    const loaded = engine.load(changed);
    const after = engine.sample(request(prompt, { sequenceId: "b" }));
    expect(await before).toEqual(same(old));
    await loaded;
    expect(await after).toEqual(same(fresh));
    // No values computed with the old weights remain.
    expect(await engine.sample(request(prompt, { sequenceId: "a" }))).toEqual(same(fresh));
    await engine.close();
    await other.close();
  });

  test("cancels requests, waiting or in progress, without affecting others", async () => {
    const engine = await createEngine({ stepTokens: 4 });
    const kept = request(drawTokens(30), { sequenceId: "kept" });
    const waiting = request(drawTokens(31), { sequenceId: "waiting" });
    const begun = request(drawTokens(32), { sequenceId: "begun" });
    const expected = await engine.sample({ ...kept, sequenceId: "other" });
    const results = [kept, waiting, begun].map((each) => engine.sample(each));
    const settled = Promise.allSettled(results);
    engine.cancel(waiting, new Error("not needed"));
    while (engine.timings!.numTokens < 41 + 40) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    engine.cancel(begun, new Error("too slow"));
    expect(await settled).toEqual([
      { status: "fulfilled", value: same(expected) },
      { status: "rejected", reason: new Error("not needed") },
      { status: "rejected", reason: new Error("too slow") },
    ]);
    // A request that was cancelled halfway can be repeated.
    expect(await engine.sample(begun)).toEqual(
      same(await engine.sample({ ...begun, sequenceId: "new" })),
    );
    await engine.close();
  });

  test("refuses invalid requests", async () => {
    const engine = await createEngine();
    const expectRefusal = (overrides: Partial<SampleRequest>): Promise<unknown> =>
      engine.sample(request(drawTokens(5), overrides));
    await expect(expectRefusal({ promptTokens: [] })).rejects.toThrow(
      "promptTokens must not be empty",
    );
    await expect(expectRefusal({ promptTokens: [1, 40] })).rejects.toThrow(
      "sample: promptTokens[1] must be a whole number in [0, 39], got 40",
    );
    await expect(expectRefusal({ maxTokens: 196 })).rejects.toThrow(
      "sample: promptTokens and maxTokens together must be at most 200 tokens, got 5 + 196",
    );
    await expect(expectRefusal({ temperature: -1 })).rejects.toThrow(
      "temperature must be finite and >= 0",
    );
    await expect(expectRefusal({ topK: 1.5 })).rejects.toThrow(
      "topK must be a whole number >= 0, got 1.5",
    );
    await expect(expectRefusal({ topP: 0 })).rejects.toThrow(
      "sample: topP must be in (0, 1], got 0",
    );
    await expect(expectRefusal({ minP: 1.1 })).rejects.toThrow(
      "sample: minP must be in [0, 1], got 1.1",
    );
    await expect(expectRefusal({ bannedTokens: [3, 40] })).rejects.toThrow(
      "bannedTokens[1] must be",
    );
    const all = Array.from({ length: 40 }, (_, token) => token);
    await expect(expectRefusal({ bannedTokens: all })).rejects.toThrow(
      "sample: bannedTokens must not contain every token, got all 40 tokens",
    );
    const twice = [1, 2].map((length) =>
      expectRefusal({ promptTokens: drawTokens(length), sequenceId: "a" }),
    );
    const outcomes = await Promise.allSettled(twice);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    const [open] = await Promise.all([Promise.allSettled([expectRefusal({})]), engine.close()]);
    expect(open).toMatchObject([
      { reason: { message: "sampler: must not be closed while a request is open" } },
    ]);
    await expect(expectRefusal({})).rejects.toThrow(
      "sample: sampler must not be used after close()",
    );
  });

  test("rejects all requests under weights that are not finite, and recovers with others", async () => {
    const engine = await createEngine();
    const prompt = drawTokens(20);
    const expected = await engine.sample(request(prompt));
    const broken = new Map(parameters);
    broken.set("model.norm.weight", new Float32Array(config.hiddenSize).fill(Number.NaN));
    const poisoned = new Map(parameters);
    poisoned.set(
      "model.embed_tokens.weight",
      parameters.get("model.embed_tokens.weight")!.map(() => Number.NaN),
    );
    for (const weights of [broken, poisoned]) {
      await engine.load(weights);
      const failed = engine.sample(request(prompt, { sequenceId: "a" }));
      await expect(failed).rejects.toBeInstanceOf(NonFiniteError);
    }
    await engine.load(parameters);
    expect(await engine.sample(request(prompt, { sequenceId: "a" }))).toEqual(same(expected));
    await engine.close();
  });
});

test("computes a large head in parts", async () => {
  const prompt = drawTokens(20);
  const rotary = rotaryFeeds(config);
  const read = (name: string): Float32Array => parameters.get(name)!;
  const jobs = (cache: AttentionCache): StepJob[] =>
    [prompt, prompt.slice(5)].map((tokens) => ({
      sequence: cache.pages.create(),
      tokens,
      numQueries: tokens.length,
    }));
  const results = [];
  for (const maxEntries of [2 ** 25, 40 * 64 - 1, 13 * 64]) {
    const runner = await ModelRunner.create(layout, read, executor, rotary, { maxEntries });
    const shape = { ...config, maxStepTokens: 64, maxBytes: 2 ** 20 };
    const cache = new AttentionCache(shape);
    const logits = await runner.step(cache, jobs(cache));
    results.push([0, 1].map((row) => [...logits.row(row)]));
    await runner.close();
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

for (const folder of ["policy/qwen2-tied", "policy/qwen3-untied"]) {
  const shared = findSharedData(folder);
  describe.skipIf(!shared).each(["host", "device"] as const)(
    `${folder}, against PyTorch, with keys and values on the %s`,
    (cache) => {
      const createGolden = async (): Promise<SamplingEngine> => {
        const { config: golden, parameters: weights } = await readCheckpoint(shared!);
        const goldenLayout = parameterLayout(golden);
        const options = {
          layout: goldenLayout,
          executor,
          stepTokens: 64,
          cacheBytes: 2 ** 26,
          cache,
        };
        const engine = new SamplingEngine(options);
        await engine.load(weights);
        return engine;
      };

      test("continues a prompt with the same most likely tokens", async () => {
        const { greedy } = readGolden(shared!);
        const engine = await createGolden();
        const { tokens } = await engine.sample(
          request(greedy.prompt, { temperature: 0, maxTokens: greedy.continuation.length }),
        );
        expect(tokens).toEqual(greedy.continuation);
        await engine.close();
      });

      test("draws from distributions of the same entropy", async () => {
        const { input_ids, token_entropies } = readGolden(shared!);
        const engine = await createGolden();
        for (const [i, tokens] of input_ids.entries()) {
          const prefixes = tokens.map((_, end) => tokens.slice(0, end + 1));
          const drawn = await Promise.all(
            prefixes.map((prefix) => engine.sample(request(prefix, { maxTokens: 1 }))),
          );
          drawn.forEach(({ entropies }, end) =>
            expect(Math.abs(entropies[0]! - token_entropies[i]![end]!)).toBeLessThan(2e-4),
          );
        }
        await engine.close();
      });

      test("scores tokens with the same log-probs and entropies", async () => {
        const golden = readGolden(shared!);
        const engine = await createGolden();
        checkScores(await engine.score(golden.input_ids), golden);
        await engine.close();
      });
    },
  );
}

function checkScores(
  scores: readonly RowScores[],
  golden: Pick<GoldenPolicy, "token_log_probs" | "token_entropies">,
): void {
  scores.forEach(({ logProbs, entropies }, row) => {
    logProbs.forEach((logProb, i) =>
      expect(Math.abs(logProb - golden.token_log_probs[row]![i]!)).toBeLessThan(2e-4),
    );
    entropies.forEach((entropy, i) =>
      expect(Math.abs(entropy - golden.token_entropies[row]![i]!)).toBeLessThan(2e-4),
    );
  });
}

const adapted = findSharedData("policy/llama-lora");
test.skipIf(!adapted)(
  "computes an adapter separately from weights that the executor holds",
  async () => {
    const golden = readGolden(adapted!);
    const { config: model, parameters: weights } = await readCheckpoint(adapted!);
    const adapter = await readAdapter(join(adapted!, "adapter"), model);
    const tensors = new Map<string, ResidentTensor>();
    const specs = [...parameterTable(model), ...adapterTable(model, adapter.config)];
    for (const { name, shape } of specs) {
      const data = (adapter.parameters.get(name) ?? weights.get(name))!;
      tensors.set(name, await executor.upload({ data, shape }));
    }
    let numReleases = 0;
    const held: SharedWeights = {
      get: (name) => tensors.get(name),
      release: () => numReleases++,
    };
    const options = {
      layout: parameterLayout(model),
      executor,
      stepTokens: 64,
      cacheBytes: 2 ** 26,
    };
    const engine = new SamplingEngine({ ...options, cache: "device" });
    await engine.loadShared(held, parameterLayout(model, { adapter: adapter.config }));
    checkScores(await engine.score(golden.input_ids), golden);
    const { greedy } = golden;
    const greedyRequest = { temperature: 0, maxTokens: greedy.continuation.length };
    const { tokens } = await engine.sample(request(greedy.prompt, greedyRequest));
    expect(tokens).toEqual(greedy.continuation);
    expect(numReleases).toBe(0);

    // Loading weights without the adapter compiles other programs.
    await engine.load(weights);
    expect(numReleases).toBe(1);
    const plain = new SamplingEngine(options);
    await plain.load(weights);
    const expected = await plain.score(golden.input_ids);
    checkScores(await engine.score(golden.input_ids), {
      token_log_probs: expected.map(({ logProbs }) => [...logProbs]),
      token_entropies: expected.map(({ entropies }) => [...entropies]),
    });

    await expect(plain.loadShared(held)).rejects.toThrow(
      "load: weights must be in host memory, got tensors of an executor",
    );
    expect(numReleases).toBe(2);
    await Promise.all([engine.close(), plain.close()]);
    await expect(engine.loadShared(held)).rejects.toThrow(
      "sampler: must not be used after close()",
    );
    expect(numReleases).toBe(3);
  },
);
