import {
  checkInteger,
  type PolicyWeights,
  type SampledResponse,
  type Sampler,
  type SampleRequest,
} from "@turnwise/core";
import { HttpClient, type RemoteOptions } from "./http-client.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { refuseOptions } from "./refuse-options.ts";
import { seedNumber } from "./seed-number.ts";
import { topEntropy } from "./top-entropy.ts";

/** Options of {@link createCompletionsSampler}. */
export interface CompletionsSamplerOptions extends RemoteOptions {
  /** Name of the model on the server. */
  readonly model: string;
  /**
   * Protocol of the server: vLLM's `/v1/completions` (OpenAI's protocol with token ids), or
   * SGLang's `/generate`. Default `vllm`.
   */
  readonly server?: "vllm" | "sglang";
  /** Maximum length of prompt and response together that the server accepts, tokens. */
  readonly maxSequenceTokens: number;
  /**
   * Number of most likely tokens to request at each position, `>= 0`, for lower bounds of entropies
   * (see `topEntropy`). With 0, no entropies are returned. Default 0.
   */
  readonly topLogProbs?: number;
  /**
   * Distribution of the server's log-probs: before (`raw`) or after (`processed`) the temperature,
   * as vLLM's `--logprobs-mode`. With `raw`, only temperatures 0 and 1 are allowed. Default
   * `raw`.
   */
  readonly logProbs?: "raw" | "processed";
}

/**
 * Sampler for a model on an inference server. The server owns the weights, so only version 0 can be
 * loaded. `top_p`, `top_k`, `min_p` and penalties are disabled explicitly, because defaults in the
 * model's generation config would change the distribution to which log-probs refer.
 *
 * @throws `RangeError` for options outside their range. Requests throw `RemoteError`, which makes
 *   the episode fail; `SequenceLimitError` if the server rejects the length of a sequence;
 *   `RemoteRefusal` if it refuses all requests.
 */
export function createCompletionsSampler(
  options: CompletionsSamplerOptions,
): Sampler & { close(): void } {
  const { model, server = "vllm", maxSequenceTokens, topLogProbs = 0, logProbs = "raw" } = options;
  checkInteger("createCompletionsSampler", { maxSequenceTokens }, { min: 2 });
  checkInteger("createCompletionsSampler", { topLogProbs }, { min: 0 });
  const client = new HttpClient("createCompletionsSampler", options, "authorization");
  const sample = server === "vllm" ? sampleFromVllm : sampleFromSglang;
  return {
    capabilities: {
      entropies: topLogProbs > 0 ? "top-k" : "none",
      maxSequenceTokens,
      weights: { transport: "none", verification: "none", maxAdapters: 0 },
    },
    load: async (weights: PolicyWeights) => {
      if (weights.version !== 0) {
        throw new RangeError(
          `createCompletionsSampler: weights.version must be 0, because the server owns the weights, got ${weights.version}`,
        );
      }
      return 0;
    },
    sample: async (request, signal) => {
      refuseOptions("sample", request);
      const { promptTokens, maxTokens, temperature = 1 } = request;
      if (promptTokens.length + maxTokens > maxSequenceTokens) {
        throw new RangeError(
          `sample: prompt and response together must have at most ${maxSequenceTokens} tokens, got ${promptTokens.length} + ${maxTokens}`,
        );
      }
      if (logProbs === "raw" && temperature !== 0 && temperature !== 1) {
        throw new RangeError(
          `sample: temperature must be 0 or 1 if the server's log-probs are raw, got ${temperature}`,
        );
      }
      const sampled = await sample(client, model, request, topLogProbs, signal);
      if (temperature !== 0) return sampled;
      // At temperature 0 sampling is deterministic, so log-probs and entropies are 0.
      const zeros = sampled.tokens.map(() => 0);
      return { ...sampled, logProbs: zeros, entropies: topLogProbs > 0 ? zeros : [] };
    },
    release: () => undefined,
    close: () => client.close(),
  };
}

type SampleFrom = (
  client: HttpClient,
  model: string,
  request: SampleRequest,
  topLogProbs: number,
  signal: AbortSignal | undefined,
) => Promise<SampledResponse>;

const sampleFromVllm: SampleFrom = async (client, model, request, topLogProbs, signal) =>
  client.sample(
    "/v1/completions",
    {
      model,
      prompt: request.promptTokens,
      max_tokens: request.maxTokens,
      temperature: request.temperature ?? 1,
      top_p: 1,
      top_k: -1,
      min_p: 0,
      presence_penalty: 0,
      frequency_penalty: 0,
      repetition_penalty: 1,
      seed: seedNumber(request.seed),
      stop_token_ids: request.stopTokens,
      n: 1,
      logprobs: topLogProbs,
      return_token_ids: true,
      return_tokens_as_token_ids: true,
      skip_special_tokens: false,
    },
    request.seed,
    (answer) => readVllm(answer, request, topLogProbs),
    signal,
  );

function readVllm(
  answer: JsonAnswer,
  request: SampleRequest,
  topLogProbs: number,
): SampledResponse {
  const choices = answer.field("choices").entries();
  const [choice] = choices;
  if (choice === undefined) throw answer.field("choices").ruleError("contain a choice");
  const details = choice.field("logprobs");
  const tokens = choice.field("token_ids").isAbsent
    ? details.field("tokens").entries().map(parseTokenName)
    : choice
        .field("token_ids")
        .entries()
        .map((entry) => entry.token());
  const logProbs = details
    .field("token_logprobs")
    .entries()
    .map((entry) => entry.logProb());
  if (logProbs.length !== tokens.length) {
    throw details
      .field("token_logprobs")
      .ruleError(`have an entry for each of ${tokens.length} tokens`);
  }
  const entropies =
    topLogProbs === 0
      ? []
      : details
          .field("top_logprobs")
          .entries()
          .map((entry) => topEntropy(entry.names().map((name) => entry.field(name).logProb())));
  if (topLogProbs > 0 && entropies.length !== tokens.length) {
    throw details
      .field("top_logprobs")
      .ruleError(`have an entry for each of ${tokens.length} tokens`);
  }
  const reason = choice.field("finish_reason");
  return {
    tokens,
    logProbs,
    entropies,
    stopReason: readStopReason(reason, reason.text(), tokens),
  };
}

/** Parses `token_id:17`, vLLM's name of a token if ids are requested. */
function parseTokenName(entry: JsonAnswer): number {
  const match = /^token_id:(\d+)$/u.exec(entry.text());
  if (match === null) throw entry.ruleError('be "token_id:" and a number');
  return Number(match[1]);
}

const sampleFromSglang: SampleFrom = async (client, _model, request, topLogProbs, signal) =>
  client.sample(
    "/generate",
    {
      input_ids: request.promptTokens,
      sampling_params: {
        max_new_tokens: request.maxTokens,
        temperature: request.temperature ?? 1,
        top_p: 1,
        top_k: -1,
        min_p: 0,
        presence_penalty: 0,
        frequency_penalty: 0,
        repetition_penalty: 1,
        sampling_seed: seedNumber(request.seed),
        stop_token_ids: request.stopTokens,
        skip_special_tokens: false,
        no_stop_trim: true,
      },
      return_logprob: true,
      top_logprobs_num: topLogProbs,
      stream: false,
    },
    request.seed,
    (answer) => readSglang(answer, request, topLogProbs),
    signal,
  );

function readSglang(
  answer: JsonAnswer,
  request: SampleRequest,
  topLogProbs: number,
): SampledResponse {
  const details = answer.field("meta_info");
  const sampled = details
    .field("output_token_logprobs")
    .entries()
    .map((entry) => {
      const [logProb, token] = entry.entries();
      if (logProb === undefined || token === undefined)
        throw entry.ruleError("be a log-prob and a token");
      return { token: token.token(), logProb: logProb.logProb() };
    });
  const tokens = sampled.map(({ token }) => token);
  const tops = details.field("output_top_logprobs");
  const entropies =
    topLogProbs === 0
      ? []
      : tops
          .entries()
          .map((entry) => topEntropy(entry.entries().map((pair) => pair.entries()[0]!.logProb())));
  if (topLogProbs > 0 && entropies.length !== tokens.length) {
    throw tops.ruleError(`have an entry for each of ${tokens.length} tokens`);
  }
  const reason = details.field("finish_reason").field("type");
  return {
    tokens,
    logProbs: sampled.map(({ logProb }) => logProb),
    entropies,
    stopReason: readStopReason(reason, reason.text(), tokens),
  };
}

/**
 * Reads the stop reason. A stopped response must contain its stop token, because the policy sampled
 * it and is trained on it. It may differ from the stop tokens of the request, because servers also
 * stop at the end tokens of the model's generation config.
 */
function readStopReason(
  place: JsonAnswer,
  reason: string,
  tokens: readonly number[],
): SampledResponse["stopReason"] {
  if (reason === "length") return "length";
  if (reason !== "stop") throw place.ruleError("be stop or length");
  if (tokens.length === 0)
    throw place.ruleError("be followed by the token that stopped the response");
  return "stop-token";
}
