import type {
  PolicyWeights,
  Sampler,
  SampledResponse,
  SampleRequest,
  TokenCounts,
  Tokenizer,
} from "@turnwise/core";
import { StopStrings } from "../text/stop-strings.ts";
import type { EnginePort } from "./engine-port.ts";
import { toResponse, type OnToken, type SampledToken } from "../sampling/sample-request.ts";
import type { SamplerUsage } from "../sampling/sampling-engine.ts";
import type { RowScores } from "../sampling/score-rows.ts";

/** Sampler on this machine. */
export interface LocalSampler extends Sampler {
  /**
   * See `Sampler.sample`. For a deadline, pass `AbortSignal.timeout(milliseconds)`. When the signal
   * aborts, all resources of the request are released immediately.
   * @param onToken - Called with each token as soon as it is drawn, in order. If it throws, the
   *   request is cancelled and fails with that error.
   * @throws In addition, `RangeError` if the keys and values of prompt and response cannot fit into
   *   `cacheBytes`; `TypeError` for stop strings without a tokenizer.
   */
  sample(request: SampleRequest, signal?: AbortSignal, onToken?: OnToken): Promise<SampledResponse>;
  /**
   * Log-probs and entropies of given tokens under the loaded weights, at temperature 1, computed by
   * the sampling code. Runs after earlier requests and before later ones.
   * @throws `RangeError` if a row is empty, longer than the model's limit, or does not fit into
   *   `cacheBytes`.
   */
  score(rows: readonly (readonly number[])[]): Promise<RowScores[]>;
  /** Current memory use, and the numbers of active and waiting requests. */
  usage(): Promise<SamplerUsage>;
  tokenCounts(): Promise<TokenCounts>;
}

/** Handle to the weights of one policy's learner, identified by version. */
export class LocalWeights implements PolicyWeights {
  readonly version: number;
  readonly owner: EnginePort;
  /**
   * Number of restores before this version. After a restore, a version number may occur again with
   * different weights.
   */
  readonly numRestores: number;

  constructor(version: number, owner: EnginePort, numRestores: number) {
    this.version = version;
    this.owner = owner;
    this.numRestores = numRestores;
  }
}

/** Abort reason of a request that reached a stop string. */
const stopped: unique symbol = Symbol("stop string");

/**
 * Creates a sampler over an engine.
 * @param tokenizer - Tokenizer, required for stop strings.
 */
export function createSampler(
  port: EnginePort,
  maxSequenceTokens: number,
  tokenizer: Pick<Tokenizer, "decode"> | undefined,
): LocalSampler {
  let loaded = { version: 0, numRestores: 0 };
  const load = async (weights: PolicyWeights): Promise<number> => {
    if (!(weights instanceof LocalWeights) || weights.owner !== port) {
      throw new TypeError("load: weights must come from the learner of the same policy");
    }
    // Skip loading the same weights again, because that would clear the cache.
    const { version, numRestores } = weights;
    if (version !== loaded.version || numRestores !== loaded.numRestores) {
      await port.load(version);
    }
    loaded = { version, numRestores };
    return version;
  };
  const sample = async (
    request: SampleRequest,
    signal?: AbortSignal,
    onToken?: OnToken,
  ): Promise<SampledResponse> => {
    signal?.throwIfAborted();
    const { stopStrings = [] } = request;
    if (stopStrings.length > 0 && !tokenizer) {
      throw new TypeError(
        "sample: stopStrings must not be given without a tokenizer; pass a tokenizer to the policy",
      );
    }
    // Stop strings are detected here, because the engine has no tokenizer.
    const stops =
      stopStrings.length > 0 && tokenizer && !stopStrings.includes("")
        ? new StopStrings(tokenizer, stopStrings)
        : undefined;
    const heard: SampledToken[] = [];
    let isOver = false;
    const listen = (token: SampledToken): void => {
      if (isOver) return;
      heard.push(token);
      try {
        onToken?.(token);
        if (!stops || request.stopTokens.includes(token.token)) return;
        if (!stops.push(token.token)) return;
        isOver = true;
        cancel(stopped);
      } catch (error) {
        isOver = true;
        cancel(error);
      }
    };
    const needsTokens = onToken !== undefined || stops !== undefined;
    const { response, cancel } = port.sample(request, needsTokens ? listen : undefined);
    const abort = (): void => cancel(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return { ...(await response), ...(stops && { text: stops.text }) };
    } catch (error) {
      if (error !== stopped || !stops) throw error;
      return { ...toResponse(request, heard, "stop-string"), text: stops.text };
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  };
  return {
    capabilities: {
      entropies: "exact",
      maxSequenceTokens,
      weights: { transport: "memory", verification: "version", maxAdapters: 1 },
    },
    load,
    sample,
    release: (sequenceId) => port.release(sequenceId),
    score: (rows) => port.scoreTokens(rows),
    usage: () => port.usage(),
    tokenCounts: () => port.tokenCounts(),
  };
}
