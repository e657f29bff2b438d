import type { SampledResponse, SampleRequest } from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";
import { SamplingEngine, type SamplingEngineOptions } from "./sampling-engine.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

const config = {
  ...smallModelConfig({ vocabularySize: 30, hiddenSize: 32, numLayers: 2, maxSequenceTokens: 200 }),
  initializerRange: 0.3,
};
/** Bytes of 64 positions in two layers with one head of size 32. */
const pageBytes = 2 * 2 * 64 * 32 * 4;
const layout = parameterLayout(config);
const parameters = initialParameters(config, "any");
const executor = createOnnxExecutor({ threads: 2 });

async function createEngine(
  stepTokens: number,
  cacheBytes: number,
  options: Partial<SamplingEngineOptions> = {},
): Promise<SamplingEngine> {
  const engine = new SamplingEngine({ layout, executor, stepTokens, cacheBytes, ...options });
  await engine.load(parameters);
  return engine;
}

let reference: SamplingEngine;
beforeAll(async () => {
  reference = await createEngine(512, 2 ** 24);
});
afterAll(() => reference.close());

/** Prompts with common prefixes: the first tokens of one text, followed by tokens of another. */
const anyPrompt = fc
  .tuple(fc.nat(80), fc.nat(2), fc.nat(30))
  .map(([shared, other, own]) => [
    1,
    ...Array.from({ length: shared }, (_, i) => (i * 7) % 30),
    ...Array.from({ length: own }, (_, i) => (i * (other + 3) + 1) % 30),
  ]);

const anyRequest: fc.Arbitrary<SampleRequest> = fc.record(
  {
    promptTokens: anyPrompt,
    seed: fc.constantFrom("a", "b", "c"),
    maxTokens: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 1, max: 6 }) },
      { weight: 1, arbitrary: fc.integer({ min: 40, max: 80 }) },
    ),
    topK: fc.constantFrom(0, 3),
    stopTokens: fc.constantFrom([], [0, 1, 2]),
    sequenceId: fc.constantFrom("p", "q", "r"),
  },
  { requiredKeys: ["promptTokens", "seed", "maxTokens", "stopTokens"] },
);

const anyEvent = fc.oneof(
  { weight: 6, arbitrary: anyRequest.map((request) => ({ kind: "sample" as const, request })) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 12 }).map((turns) => ({ kind: "wait" as const, turns })),
  },
  { weight: 1, arbitrary: fc.nat(9).map((index) => ({ kind: "cancel" as const, index })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("p", "q", "r").map((name) => ({ kind: "release" as const, name })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "load" as const }) },
);

/** Checks that the response is the same as from a sampler without other requests. */
async function checkSame(request: SampleRequest, response: SampledResponse): Promise<void> {
  expect(response).toEqual(await reference.sample(request));
}

/**
 * Checks that the reported log-probs of a response are correct. Rounding differences may draw
 * another token at a boundary, after which the whole response differs.
 */
async function checkLikely(request: SampleRequest, response: SampledResponse): Promise<void> {
  const { promptTokens, maxTokens, stopTokens } = request;
  const { tokens, entropies, logProbs, unfilteredLogProbs = logProbs, stopReason } = response;
  const [scores] = await reference.score([[...promptTokens, ...tokens]]);
  const start = promptTokens.length - 1;
  unfilteredLogProbs.forEach((logProb, i) =>
    expect(logProb).toBeCloseTo(scores!.logProbs[start + i]!, 4),
  );
  entropies.forEach((entropy, i) => expect(entropy).toBeCloseTo(scores!.entropies[start + i]!, 4));
  expect(stopReason).toBe(stopTokens.includes(tokens.at(-1)!) ? "stop-token" : "length");
  expect(tokens.slice(0, -1).filter((token) => stopTokens.includes(token))).toEqual([]);
  const isWhole = tokens.length === maxTokens;
  expect(isWhole || stopReason === "stop-token").toBe(true);
}

test.each([
  ["host", checkSame, 20],
  ["device", checkLikely, 10],
] as const)(
  "samples the same in any batch, with any memory budget and after any cancellations, and stays within the budget: keys and values on the %s",
  async (cache, check, numRuns) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { maxLength: 14 }),
        fc.constantFrom(2, 5, 64),
        // Enough pages for one sequence, for slightly more, or for all.
        fc.constantFrom(3, 4, 6, 32).map((numPages) => numPages * pageBytes),
        fc.constantFrom(1, 2),
        async (events, stepTokens, cacheBytes, threads) => {
          const engine = await createEngine(stepTokens, cacheBytes, { threads, cache });
          const asked: { request: SampleRequest; outcome: Promise<SampledResponse | string> }[] =
            [];
          for (const event of events) {
            const { usedBytes, maxBytes } = engine.usage();
            expect(maxBytes).toBe(cacheBytes);
            expect(usedBytes).toBeLessThanOrEqual(maxBytes);
            if (event.kind === "sample") {
              const request = { ...event.request };
              const outcome = engine.sample(request).catch((error: Error) => error.message);
              asked.push({ request, outcome });
            }
            if (event.kind === "wait") {
              for (let turn = 0; turn < event.turns; turn++) {
                await new Promise((resolve) => setImmediate(resolve));
              }
            }
            if (event.kind === "cancel") {
              const request = asked[event.index]?.request;
              if (request) engine.cancel(request, new Error("cancelled"));
            }
            if (event.kind === "release") engine.release(event.name);
            // If the engine is closed while a load waits, the load is rejected.
            if (event.kind === "load") void engine.load(parameters).catch(() => undefined);
          }
          for (const { request, outcome } of asked) {
            const result = await outcome;
            const isRefused =
              result === "cancelled" ||
              (typeof result === "string" && result.includes("one request at a time"));
            const { sequenceId: _, ...plain } = request;
            if (isRefused) continue;
            if (typeof result === "string") throw new Error(result);
            await check(plain, result);
          }
          for (const name of ["p", "q", "r"]) engine.release(name);
          expect(engine.usage()).toMatchObject({
            usedBytes: 0,
            numActive: 0,
            numWaiting: 0,
            numIdle: 0,
          });
          await engine.close();
        },
      ),
      { numRuns },
    );
  },
);
