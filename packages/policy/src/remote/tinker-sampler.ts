import type {
  PolicyWeights,
  SampledResponse,
  Sampler,
  SamplerCapabilities,
  SampleRequest,
} from "@turnwise/core";
import { refuseOptions } from "./refuse-options.ts";
import { seedNumber } from "./seed-number.ts";
import type { TinkerClient } from "./tinker-client.ts";
import type { TinkerLearner } from "./tinker-learner.ts";

/** Samples from a learner's weights that a Tinker server keeps. */
export class TinkerSampler implements Sampler {
  readonly capabilities: SamplerCapabilities;
  readonly #client: TinkerClient;
  readonly #learner: TinkerLearner;
  #loaded: { readonly version: number; readonly sessionId: string } | undefined;
  #numRequests = 0;

  constructor(client: TinkerClient, learner: TinkerLearner, maxSequenceTokens: number) {
    this.#client = client;
    this.#learner = learner;
    this.capabilities = {
      entropies: "none",
      maxSequenceTokens,
      weights: { transport: "server-handle", verification: "version", maxAdapters: 1 },
    };
  }

  async load(weights: PolicyWeights): Promise<number> {
    const present = this.#learner.weights();
    if (weights.version !== present.version) {
      throw new RangeError(
        `load: weights.version must be the learner's current version ${present.version}, got ${weights.version}`,
      );
    }
    if (this.#loaded?.version === weights.version) return weights.version;
    const path = await this.#learner.publish();
    const answer = await this.#client.ask("/create_sampling_session", {
      session_id: this.#client.sessionId,
      sampling_session_seq_id: this.#client.nextSamplingSession(),
      model_path: path,
      type: "create_sampling_session",
    });
    this.#loaded = {
      version: weights.version,
      sessionId: answer.field("sampling_session_id").text(),
    };
    return weights.version;
  }

  async sample(request: SampleRequest, signal?: AbortSignal): Promise<SampledResponse> {
    refuseOptions("sample", request);
    const { promptTokens, maxTokens, temperature = 1, stopTokens, seed } = request;
    if (this.#loaded === undefined)
      throw new Error("sample: load() must be called before sample()");
    const { maxSequenceTokens } = this.capabilities;
    if (promptTokens.length + maxTokens > maxSequenceTokens) {
      throw new RangeError(
        `sample: prompt and response together must have at most ${maxSequenceTokens} tokens, got ${promptTokens.length} + ${maxTokens}`,
      );
    }
    if (temperature !== 0 && temperature !== 1) {
      throw new RangeError(
        `sample: temperature must be 0 or 1, because the protocol does not define whether log-probs are before or after the temperature, got ${temperature}`,
      );
    }
    this.#numRequests += 1;
    const answer = await this.#client.operate(
      "/asample",
      {
        sampling_session_id: this.#loaded.sessionId,
        seq_id: this.#numRequests,
        num_samples: 1,
        prompt: { chunks: [{ type: "encoded_text", tokens: promptTokens }] },
        sampling_params: {
          max_tokens: maxTokens,
          temperature,
          top_p: 1,
          top_k: -1,
          seed: seedNumber(seed),
          stop: stopTokens,
        },
        type: "sample",
      },
      signal,
    );
    const sequences = answer.field("sequences");
    const [sequence] = sequences.entries();
    if (sequence === undefined) throw sequences.ruleError("contain a sequence");
    const tokens = sequence
      .field("tokens")
      .entries()
      .map((entry) => entry.token());
    const listed = sequence.field("logprobs");
    const logProbs = listed.entries().map((entry) => entry.logProb());
    if (logProbs.length !== tokens.length) {
      throw listed.ruleError(`have an entry for each of ${tokens.length} tokens`);
    }
    const reason = sequence.field("stop_reason");
    if (reason.raw !== "stop" && reason.raw !== "length")
      throw reason.ruleError("be stop or length");
    const last = tokens.at(-1);
    // A server may also stop at another end token of the model, which is then the last token.
    if (reason.raw === "stop" && last === undefined) {
      throw reason.ruleError("be followed by the token that stopped the response");
    }
    const isEnded = reason.raw === "stop" || (last !== undefined && stopTokens.includes(last));
    return {
      tokens,
      // At temperature 0 sampling is deterministic: every log-prob is 0.
      logProbs: temperature === 0 ? tokens.map(() => 0) : logProbs,
      entropies: [],
      stopReason: isEnded ? "stop-token" : "length",
    };
  }

  release(): void {
    // Nothing to release: the server manages its own cache.
  }
}
