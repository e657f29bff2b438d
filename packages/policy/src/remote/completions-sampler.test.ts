import type { SampleRequest } from "@turnwise/core";
import { afterEach, describe, expect, it } from "vitest";
import { createCompletionsSampler, type CompletionsSamplerOptions } from "./completions-sampler.ts";
import {
  jsonServer,
  type JsonServer,
  type Reply,
  type SeenRequest,
} from "./testing/json-server.ts";
import { topEntropy } from "./top-entropy.ts";

let server: JsonServer | undefined;
afterEach(async () => server?.close());

async function connect(
  reply: (request: SeenRequest) => Reply,
  options: Partial<CompletionsSamplerOptions> = {},
): Promise<ReturnType<typeof createCompletionsSampler>> {
  server = await jsonServer(reply);
  return createCompletionsSampler({
    url: server.url,
    model: "small",
    maxSequenceTokens: 100,
    retrySeconds: 0.01,
    ...options,
  });
}

const request: SampleRequest = {
  promptTokens: [5, 6],
  seed: "episode/3",
  maxTokens: 8,
  stopTokens: [2],
};

/** Creates an answer in vLLM's documented format, with token ids. */
const vllmAnswer = (changes: Readonly<Record<string, unknown>> = {}): Reply => ({
  body: {
    id: "cmpl-1",
    object: "text_completion",
    created: 1,
    model: "small",
    choices: [
      {
        index: 0,
        text: "ab",
        token_ids: [11, 2],
        prompt_token_ids: [5, 6],
        logprobs: {
          text_offset: [0, 1],
          tokens: ["token_id:11", "token_id:2"],
          token_logprobs: [Math.log(0.5), Math.log(0.9)],
          top_logprobs: [
            { "token_id:11": Math.log(0.5), "token_id:7": Math.log(0.25) },
            { "token_id:2": Math.log(0.9), "token_id:7": Math.log(0.1) },
          ],
        },
        finish_reason: "stop",
        stop_reason: 2,
        ...changes,
      },
    ],
    usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 },
  },
});

describe("createCompletionsSampler with vLLM's protocol", () => {
  it("sends token ids and reads tokens, log-probs and lower bounds of entropies", async () => {
    const sampler = await connect(() => vllmAnswer(), { topLogProbs: 2, apiKey: "k" });
    const response = await sampler.sample(request);
    expect(response).toEqual({
      tokens: [11, 2],
      logProbs: [Math.log(0.5), Math.log(0.9)],
      // The missing probability of 1/4 counts as one outcome: 0.5 ln 2 + 2 * 0.25 ln 4 = 1.0397.
      entropies: [expect.closeTo(1.5 * Math.LN2, 12), expect.closeTo(0.32508, 5)],
      stopReason: "stop-token",
    });
    expect(server!.seen[0]!.path).toBe("/v1/completions");
    expect(server!.seen[0]!.body).toEqual({
      model: "small",
      prompt: [5, 6],
      max_tokens: 8,
      temperature: 1,
      top_p: 1,
      top_k: -1,
      min_p: 0,
      presence_penalty: 0,
      frequency_penalty: 0,
      repetition_penalty: 1,
      seed: expect.any(Number),
      stop_token_ids: [2],
      n: 1,
      logprobs: 2,
      return_token_ids: true,
      return_tokens_as_token_ids: true,
      skip_special_tokens: false,
    });
    expect(sampler.capabilities).toEqual({
      entropies: "top-k",
      maxSequenceTokens: 100,
      weights: { transport: "none", verification: "none", maxAdapters: 0 },
    });
  });

  it("sends equal seeds for equal seeds, and different ones otherwise", async () => {
    const sampler = await connect(() => vllmAnswer());
    await sampler.sample(request);
    await sampler.sample(request);
    await sampler.sample({ ...request, seed: "episode/4" });
    const [a, b, c] = server!.seen.map(({ body }) => body["seed"]);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    expect(a as number).toBeLessThan(2 ** 31);
  });

  it("reads older servers, which give ids as token names", async () => {
    const sampler = await connect(() => vllmAnswer({ token_ids: undefined }));
    const response = await sampler.sample(request);
    expect(response.tokens).toEqual([11, 2]);
    expect(response.entropies).toEqual([]);
    expect(sampler.capabilities.entropies).toBe("none");
  });

  it("reports certainty at temperature 0", async () => {
    const sampler = await connect(() => vllmAnswer(), { topLogProbs: 1 });
    const response = await sampler.sample({ ...request, temperature: 0 });
    expect(response).toMatchObject({ logProbs: [0, 0], entropies: [0, 0] });
  });

  it("accepts a stop at another end token of the model", async () => {
    const sampler = await connect(() => vllmAnswer({ token_ids: [11, 12] }));
    const response = await sampler.sample(request);
    expect(response).toMatchObject({ tokens: [11, 12], stopReason: "stop-token" });
  });

  it("names URL and field of an unusable answer", async () => {
    const answers: Reply[] = [
      { body: { choices: [] } },
      vllmAnswer({ logprobs: null }),
      vllmAnswer({ token_ids: [11, 12, 2] }),
      vllmAnswer({ token_ids: [], logprobs: { token_logprobs: [] } }),
      vllmAnswer({ finish_reason: "abort" }),
      vllmAnswer({ logprobs: { token_logprobs: [0.5, -1] } }),
    ];
    // A request with an unusable answer is repeated.
    let current = -1;
    const sampler = await connect(() => answers[current]!);
    const wrong = async (): Promise<string> => {
      current += 1;
      return sampler.sample(request).then(
        () => "nothing",
        (error: Error) => error.message.replace(`POST ${server!.url}/v1/completions: `, ""),
      );
    };
    expect(await wrong()).toBe("choices must contain a choice, got []");
    expect(await wrong()).toBe("choices[0].logprobs.token_logprobs must be a list, got none");
    expect(await wrong()).toMatch(
      /^choices\[0\]\.logprobs\.token_logprobs must have an entry for/u,
    );
    expect(await wrong()).toBe(
      'choices[0].finish_reason must be followed by the token that stopped the response, got "stop"',
    );
    expect(await wrong()).toBe('choices[0].finish_reason must be stop or length, got "abort"');
    expect(await wrong()).toMatch(/token_logprobs\[0\] must be a log-prob, at most 0, got 0.5$/u);
  });

  it("refuses options that it cannot send", async () => {
    const sampler = await connect(() => vllmAnswer());
    const readRefusal = async (changes: object): Promise<unknown> =>
      sampler.sample({ ...request, ...changes }).catch((error: Error) => error.message);
    expect(await readRefusal({ temperature: 0.7 })).toBe(
      "sample: temperature must be 0 or 1 if the server's log-probs are raw, got 0.7",
    );
    expect(await readRefusal({ maxTokens: 99 })).toMatch(/at most 100 tokens, got 2 \+ 99$/u);
    expect(await readRefusal({ topP: 0.9 })).toMatch(/^sample: topP must be absent, .* got 0.9$/u);
    await expect(sampler.load({ version: 1 })).rejects.toThrow(
      "createCompletionsSampler: weights.version must be 0, because the server owns the weights, got",
    );
    expect(await sampler.load({ version: 0 })).toBe(0);
    const processed = await connect(() => vllmAnswer(), { logProbs: "processed" });
    expect((await processed.sample({ ...request, temperature: 0.7 })).tokens).toEqual([11, 2]);
  });
});

describe("createCompletionsSampler with SGLang's protocol", () => {
  it("sends token ids and reads tokens and log-probs", async () => {
    const sampler = await connect(
      () => ({
        body: {
          text: "ab",
          output_ids: [11, 2],
          meta_info: {
            id: "x",
            finish_reason: { type: "length", length: 2 },
            prompt_tokens: 2,
            completion_tokens: 2,
            output_token_logprobs: [
              [-0.5, 11, null],
              [-0.1, 12, null],
            ],
            output_top_logprobs: [[[-0.5, 11, null]], [[0, 12, null]]],
          },
        },
      }),
      { server: "sglang", topLogProbs: 1 },
    );
    const response = await sampler.sample(request);
    expect(response).toMatchObject({
      tokens: [11, 12],
      logProbs: [-0.5, -0.1],
      stopReason: "length",
    });
    expect(response.entropies[1]).toBe(0);
    expect(server!.seen[0]).toMatchObject({
      path: "/generate",
      body: {
        input_ids: [5, 6],
        sampling_params: { max_new_tokens: 8, stop_token_ids: [2], top_p: 1, temperature: 1 },
        return_logprob: true,
        top_logprobs_num: 1,
      },
    });
  });
});

describe("topEntropy", () => {
  it("is exact if all outcomes are known, and a lower bound otherwise", () => {
    const probabilities = [0.4, 0.3, 0.2, 0.1];
    const logProbs = probabilities.map(Math.log);
    const whole = -probabilities.reduce((sum, p) => sum + p * Math.log(p), 0);
    expect(topEntropy(logProbs)).toBeCloseTo(whole, 12);
    for (let k = 0; k < 4; k++) {
      const known = topEntropy(logProbs.slice(0, k));
      expect(known).toBeLessThanOrEqual(whole + 1e-12);
    }
    expect(topEntropy([])).toBe(0);
    expect(topEntropy([-Infinity, 0])).toBe(0);
  });
});
