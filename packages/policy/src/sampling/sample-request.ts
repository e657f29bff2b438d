import {
  checkInteger,
  checkNonNegative,
  type Random,
  type SampledResponse,
  type SampleRequest,
} from "@turnwise/core";
import type { ModelConfig } from "../model/model-config.ts";
import { isFiltered, type DrawnToken } from "./runner/draw-token.ts";
import type { PrefixCacheEntry } from "./prefix-cache.ts";

/** Token of a response that is still being sampled. */
export interface SampledToken {
  readonly token: number;
  /** See `SampledResponse.logProbs`. */
  readonly logProb: number;
  /** See `SampledResponse.entropies`. */
  readonly entropy: number;
  /** See `SampledResponse.unfilteredLogProbs`. */
  readonly unfilteredLogProb: number;
}

/**
 * Listener that is called with each token of a response, in order, before the response is complete.
 */
export type OnToken = (token: SampledToken) => void;

/** Request that waits for its first step. */
export interface WaitingRequest {
  readonly request: SampleRequest;
  readonly onToken: OnToken | undefined;
  readonly resolve: (response: SampledResponse) => void;
  readonly reject: (error: unknown) => void;
}

/** Request that computes a prefix that another request shares. */
export interface Leader {
  readonly active: ActiveRequest;
  /** Number of tokens in the shared prefix. */
  readonly length: number;
}

/** Request in progress. */
export interface ActiveRequest extends WaitingRequest {
  /** Order of arrival; the latest requests are preempted first. */
  readonly order: number;
  readonly entry: PrefixCacheEntry;
  readonly random: Random;
  /**
   * Tokens of the prompt and of the response so far. Tokens that are not cached must still be
   * computed.
   */
  readonly tokens: number[];
  readonly drawn: DrawnToken[];
  /**
   * Request that is computing the shared prefix of this request's prompt; this request waits for
   * it.
   */
  leader: Leader | undefined;
}

/** Number of tokens that must be computed before a request can draw one. */
export const countPending = ({ tokens, entry }: ActiveRequest): number =>
  tokens.length - entry.tokens.length;

/** Creates the response of a request from the tokens drawn so far. */
export function toResponse(
  request: SampleRequest,
  drawn: readonly DrawnToken[],
  stopReason: SampledResponse["stopReason"],
): SampledResponse {
  return {
    tokens: drawn.map(({ token }) => token),
    logProbs: drawn.map(({ logProb }) => logProb),
    entropies: drawn.map(({ entropy }) => entropy),
    stopReason,
    ...(isFiltered(request) && {
      unfilteredLogProbs: drawn.map(({ unfilteredLogProb }) => unfilteredLogProb),
    }),
  };
}

/**
 * Checks that the model can answer a request.
 * @throws `RangeError` naming the field, the rule and the value.
 */
export function checkSampleRequest(request: SampleRequest, config: ModelConfig): void {
  const { vocabularySize, maxSequenceTokens } = config;
  const { promptTokens, maxTokens, stopTokens, stopStrings = [], bannedTokens = [] } = request;
  const { temperature = 1, topK = 0, topP = 1, minP = 0 } = request;
  checkInteger("sample", { maxTokens }, { min: 1 });
  checkNonNegative("sample", { temperature, minP });
  checkInteger("sample", { topK }, { min: 0 });
  if (!(topP > 0 && topP <= 1)) throw new RangeError(`sample: topP must be in (0, 1], got ${topP}`);
  if (minP > 1) throw new RangeError(`sample: minP must be in [0, 1], got ${minP}`);
  const ids = { promptTokens, stopTokens, bannedTokens };
  checkInteger("sample", ids, { min: 0, max: vocabularySize - 1 });
  if (promptTokens.length === 0) {
    throw new RangeError("sample: promptTokens must not be empty, got length 0");
  }
  const empty = stopStrings.indexOf("");
  if (empty >= 0) throw new RangeError(`sample: stopStrings[${empty}] must not be empty, got ""`);
  if (bannedTokens.length > 0 && new Set(bannedTokens).size === vocabularySize) {
    throw new RangeError(
      `sample: bannedTokens must not contain every token, got all ${vocabularySize} tokens`,
    );
  }
  const longest = promptTokens.length + maxTokens;
  if (longest > maxSequenceTokens) {
    throw new RangeError(
      `sample: promptTokens and maxTokens together must be at most ${maxSequenceTokens} tokens, got ${promptTokens.length} + ${maxTokens}`,
    );
  }
}
