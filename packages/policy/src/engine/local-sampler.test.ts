import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SampleRequest } from "@turnwise/core";
import { afterAll, describe, expect, test } from "vitest";
import { writeCheckpoint } from "../checkpoints/checkpoint.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";
import { createTokenizer } from "../text/tokenizer.ts";
import { buildWordVocabulary } from "../text/word-vocabulary.ts";
import { createLocalPolicy } from "./local-policy.ts";
import { createLocalSampler } from "./create-local-sampler.ts";
import { type LocalSamplerOptions } from "./local-options.ts";

const directory = await mkdtemp(join(tmpdir(), "turnwise-sampler-"));
afterAll(() => rm(directory, { recursive: true }));

const tokenizer = createTokenizer(buildWordVocabulary(["a b c d e f g h i j k l m n o p"]));
const config = {
  ...smallModelConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 32,
    numLayers: 2,
    maxSequenceTokens: 300,
  }),
  initializerRange: 0.2,
};
await writeCheckpoint(directory, { config, parameters: initialParameters(config, 3) });

const request = (overrides: Partial<SampleRequest> = {}): SampleRequest => ({
  promptTokens: tokenizer.encode("a b c"),
  seed: "a",
  maxTokens: 40,
  stopTokens: [],
  ...overrides,
});

describe.each(["worker", "same"] as const)(
  "a sampler with its engine in the %s thread",
  (thread) => {
    const create = (overrides: Partial<LocalSamplerOptions> = {}) =>
      createLocalSampler({ model: directory, tokenizer, threads: 2, thread, ...overrides });

    test("samples like a policy from the same folder", async () => {
      const [alone, policy] = await Promise.all([
        create(),
        createLocalPolicy({ model: directory, tokenizer, threads: 2, thread }),
      ]);
      const asked = request({ topP: 0.9 });
      expect(await alone.sampler.sample(asked)).toEqual(await policy.sampler.sample(asked));
      await expect(alone.sampler.load(policy.learner.weights())).rejects.toThrow(
        "weights must come from the learner of the same policy",
      );
      await Promise.all([alone.close(), policy.close()]);
    });

    test("reports tokens in order, before the response", async () => {
      const engine = await create();
      const { sampler } = engine;
      const heard: number[] = [];
      const { tokens } = await sampler.sample(request(), undefined, ({ token }) =>
        heard.push(token),
      );
      expect(heard).toEqual(tokens);
      await engine.close();
    });

    test("ends at a stop string that spans tokens, and cuts the text before it", async () => {
      const engine = await create();
      const { sampler } = engine;
      const free = await sampler.sample(request());
      // Stop string from the middle of one token's text to the middle of the next token's text.
      const text = tokenizer.decode(free.tokens);
      const spaces = [...text.matchAll(/ /gu)].map(({ index }) => index);
      const stop = text.slice(spaces[4]! - 1, spaces[4]! + 2);
      const first = text.indexOf(stop);
      const numTokens = tokenizer.encode(text.slice(0, first + 3)).length;
      const stopped = await sampler.sample(request({ stopStrings: ["not there", stop] }));
      expect(stopped).toEqual({
        tokens: free.tokens.slice(0, numTokens),
        logProbs: free.logProbs.slice(0, numTokens),
        entropies: free.entropies.slice(0, numTokens),
        stopReason: "stop-string",
        text: text.slice(0, first),
      });
      // The stopped request must not affect the cache: the sequence continues from the full
      // response.
      const named = request({ stopStrings: [stop], sequenceId: "a" });
      expect(await sampler.sample(named)).toEqual(stopped);
      const promptTokens = [...named.promptTokens, ...stopped.tokens, ...tokenizer.encode("d e")];
      expect(await sampler.sample({ ...named, promptTokens })).toEqual(
        await sampler.sample(request({ promptTokens, stopStrings: [stop] })),
      );
      sampler.release("a");
      expect(await sampler.usage()).toMatchObject({ usedBytes: 0, numActive: 0, numWaiting: 0 });
      await engine.close();
    });

    test("returns the text without a stop token, and checks stop tokens before stop strings", async () => {
      const engine = await create();
      const { sampler } = engine;
      const { tokens } = await sampler.sample(request());
      const stopTokens = [tokens[3]!];
      const end = tokens.indexOf(tokens[3]!);
      // The stop token also completes the second stop string, and takes precedence.
      const stopStrings = ["nothing", tokenizer.decode(tokens.slice(0, end + 1))];
      const ended = await sampler.sample(request({ stopTokens, stopStrings }));
      expect(ended.stopReason).toBe("stop-token");
      expect(ended.text).toBe(tokenizer.decode(tokens.slice(0, end)));
      expect((await sampler.sample(request({ stopStrings }))).stopReason).toBe("stop-string");
      const whole = await sampler.sample(request({ stopStrings: ["nothing"] }));
      expect(whole).toMatchObject({ stopReason: "length", text: tokenizer.decode(tokens) });
      await engine.close();
    });

    test("respects deadlines, and cancels a request when its listener throws", async () => {
      const engine = await create();
      const { sampler } = engine;
      const late = sampler.sample(request({ maxTokens: 290 }), AbortSignal.timeout(1), () => {});
      await expect(late).rejects.toMatchObject({ name: "TimeoutError" });
      const broken = sampler.sample(request(), undefined, () => {
        throw new Error("listener");
      });
      const kept = sampler.sample(request({ seed: "b" }));
      await expect(broken).rejects.toThrow("listener");
      expect((await kept).tokens).toHaveLength(40);
      expect(await sampler.usage()).toMatchObject({ usedBytes: 0, numActive: 0 });
      await engine.close();
    });

    test("scores rows, and refuses invalid requests", async () => {
      const engine = await create({ cacheBytes: 4 * 2 * 2 * 64 * 32 * 4 });
      const { sampler } = engine;
      const response = await sampler.sample(request({ maxTokens: 5 }));
      const [scores] = await sampler.score([[...request().promptTokens, ...response.tokens]]);
      expect([...scores!.logProbs.subarray(-5)]).toEqual(response.logProbs);
      await expect(sampler.score([[99]])).rejects.toThrow(
        "score: rows[0][0] must be a whole number",
      );
      const asked = sampler.sample(request({ maxTokens: 280 }));
      await expect(asked).rejects.toThrow(
        "sample: keys and values of promptTokens and maxTokens must fit into cacheBytes 131072, got 3 + 280",
      );
      await expect(sampler.sample(request({ stopStrings: [""] }))).rejects.toThrow(
        'sample: stopStrings[0] must not be empty, got ""',
      );
      const wordless = await createLocalSampler({ model: directory, thread });
      await expect(wordless.sampler.sample(request({ stopStrings: ["x"] }))).rejects.toThrow(
        "sample: stopStrings must not be given without a tokenizer; pass a tokenizer to the policy",
      );
      await Promise.all([engine.close(), wordless.close()]);
    });
  },
);
