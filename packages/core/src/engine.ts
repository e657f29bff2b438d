import type { Objective, ObjectiveField } from "./objective.ts";
import type { ResponseStop, TokenUsage } from "./records.ts";
import type { TokenRow } from "./token-row.ts";

/** Converts text to token ids and back. */
export interface Tokenizer {
  /** Number of token ids; ids are in `[0, vocabularySize)`. */
  readonly vocabularySize: number;
  /** Token that ends a response in the model's training data. */
  readonly endToken: number;
  /** All tokens that end a response, see `listEndTokens`. Default `endToken` alone. */
  readonly endTokens?: readonly number[];
  encode(text: string): number[];
  decode(tokens: readonly number[]): string;
}

/**
 * Sampling options. The logits are divided by the temperature and become probabilities; then
 * filters exclude tokens in this order: `bannedTokens`, `topK`, `topP` of the remaining mass,
 * `minP`. At least one token always remains. The remaining probabilities are renormalized, and the
 * token is drawn from them.
 */
export interface SamplingOptions {
  /** Divisor of the logits, `>= 0`; 0 takes the most likely token. Default 1. */
  readonly temperature?: number;
  /**
   * Number of most likely tokens to keep, plus all tokens that tie with the last; 0 (the default)
   * keeps all.
   */
  readonly topK?: number;
  /**
   * Keeps the fewest most likely tokens whose probabilities sum to at least this value, in `(0,
   * 1]`; ties are broken by the smaller id. Default 1, which keeps all.
   */
  readonly topP?: number;
  /**
   * Minimum probability of a token relative to the most likely one, in `[0, 1]`. Default 0, which
   * keeps all.
   */
  readonly minP?: number;
  /** Tokens that are never drawn. */
  readonly bannedTokens?: readonly number[];
  /** Maximum length of a response, end token included, `>= 1`. */
  readonly maxTokens: number;
  /** Tokens that end a response; the stop token is part of the response. */
  readonly stopTokens: readonly number[];
  /**
   * Strings that end a response as soon as its decoded text contains one, across token boundaries.
   * The token that completes a string is the last of the response. No string may be empty.
   */
  readonly stopStrings?: readonly string[];
}

/** Request for one response. */
export interface SampleRequest extends SamplingOptions {
  /** All tokens before the response, cached or not. */
  readonly promptTokens: readonly number[];
  /**
   * Seed of the draws: equal seeds and prompts give equal responses, whatever else is in the batch.
   */
  readonly seed: string;
  /**
   * Name of a growing sequence. The engine may keep its cache until {@link Sampler.release}, and
   * then reads only the new tokens of the next request with that name.
   */
  readonly sequenceId?: string;
}

/** Sampled response. */
export interface SampledResponse {
  readonly tokens: readonly number[];
  /**
   * Log-prob of each token under the distribution from which it was drawn: with temperature, after
   * filtering and renormalization; nats, `[token]`. All 0 at temperature 0. Empty if a hosted model
   * returns none.
   */
  readonly logProbs: readonly number[];
  /**
   * Entropy of the distribution of each token over the full vocabulary, with temperature, before
   * filtering, nats, `[token]`. All 0 at temperature 0. A lower bound if `capabilities.entropies`
   * is `top-k`, empty if it is `none`.
   */
  readonly entropies: readonly number[];
  /**
   * Log-prob of each token under the same distribution as `entropies`, before filtering; present if
   * the request has filters. `logProbs = unfilteredLogProbs - log(mass kept by the filters)`.
   */
  readonly unfilteredLogProbs?: readonly number[];
  /**
   * Version of the weights that sampled each token, `[token]`, from samplers whose weights may
   * change during a response. Absent: all tokens have the version that `load` returned.
   */
  readonly policyVersions?: readonly number[];
  /**
   * Why the response ended: a stop token (from `stopTokens`, or an end token of the server; it is
   * the last entry of `tokens`), a match of `stopStrings`, or `maxTokens`. A stop token takes
   * precedence over a stop string.
   */
  readonly stopReason: ResponseStop;
  /** Decoded text, cut before the first stop string; present if the request has stop strings. */
  readonly text?: string;
  /**
   * Token counts reported by the server, if they differ from this record because a hosted model
   * exchanges text. Absent: unknown, or equal to this record's.
   */
  readonly usage?: TokenUsage;
}

/** Handle to the weights of a policy, opaque except for the version. */
export interface PolicyWeights {
  /** Increases with every change of the weights. */
  readonly version: number;
}

/**
 * Ways in which new weights travel from a learner to a sampler:
 *
 * - `memory`: both share a process; the weights are copied or shared.
 * - `adapter-folder`: a PEFT folder that the sampler loads on top of its base model.
 * - `full-folder`: a Hugging Face folder with the complete model.
 * - `server-handle`: a name under which one server keeps the weights for both.
 */
export type WeightTransport = "memory" | "adapter-folder" | "full-folder" | "server-handle";

/**
 * Check that a weight update reached the sampler. `version`: the sampler refuses weights other than
 * the learner's current ones. `probe`: after an update, log-probs of fixed tokens are compared with
 * the learner's scores. `none`: weights are never updated.
 */
export type WeightVerification = "version" | "probe" | "none";

/** Weights that a sampler accepts. */
export interface AcceptedWeights {
  /** `none`: the sampler keeps its initial weights, and can only be evaluated. */
  readonly transport: WeightTransport | "none";
  readonly verification: WeightVerification;
  /**
   * Number of adapters that the sampler holds at the same time; 0 if it accepts only complete
   * models.
   */
  readonly maxAdapters: number;
}

/** Weights that a learner offers. */
export interface OfferedWeights {
  /** Transports that the learner supports. */
  readonly transports: readonly WeightTransport[];
  /**
   * Number of adapters that the learner trains at the same time; 0 if it trains the complete model.
   */
  readonly numAdapters: number;
}

/** Capabilities of a sampler; a trainer refuses an experiment that needs more. */
export interface SamplerCapabilities {
  readonly entropies: "exact" | "top-k" | "none";
  readonly maxSequenceTokens: number;
  /** Absent: a complete model, weights in memory, checked by version. */
  readonly weights?: AcceptedWeights;
}

/**
 * Numbers of tokens that a sampler has computed since it was created, unfinished responses
 * included.
 */
export interface TokenCounts {
  /** Prompt tokens computed; cached tokens do not count. */
  readonly numRead: number;
  readonly numSampled: number;
}

/** Samples responses. Concurrent requests are batched. */
export interface Sampler {
  readonly capabilities: SamplerCapabilities;
  /** Loads weights. @returns Their version. */
  load(weights: PolicyWeights): Promise<number>;
  /**
   * Samples one response.
   * @throws `RangeError` if prompt and response may exceed `capabilities.maxSequenceTokens`; {@link
   *   SequenceLimitError} if a server rejects their length; an error with a kind of failure (see
   *   `findFailureKind`) if a server fails; the signal's reason if it aborts.
   */
  sample(request: SampleRequest, signal?: AbortSignal): Promise<SampledResponse>;
  /** Releases the cache of a sequence. Unknown names are ignored. */
  release(sequenceId: string): void;
  /** Token counts for a progress display; absent if not available. */
  tokenCounts?(): Promise<TokenCounts>;
}

/** Scores of one row: one entry per span, in the same order. */
export interface ScoredRow {
  readonly spans: readonly {
    /** Log-probs of the span's tokens, nats, `[token]`. */
    readonly logProbs: Float32Array;
    /**
     * Entropies of the tokens' distributions, nats, `[token]`, or a substitute, see `capabilities`.
     */
    readonly entropies: Float32Array;
    /**
     * Value-head estimate of the return from each token onward, `[token]`; absent without a value
     * head.
     */
    readonly values?: Float32Array;
  }[];
}

/**
 * Row to train on. The arrays cover the response tokens of all its spans, one span after the other.
 */
export interface TrainingRow extends TokenRow {
  /** Weight of each token in the loss, see `ObjectiveInputs.weights`; may be 0. */
  readonly weights: Float32Array;
  /** Fields that the objective needs, by name. */
  readonly fields: Readonly<Partial<Record<ObjectiveField, Float32Array>>>;
}

/** Report of one optimizer step. */
export interface UpdateReport {
  readonly loss: number;
  /** Global norm of the gradient before clipping; NaN if a server does not report it. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Number of response tokens with a weight other than 0. */
  readonly numTokens: number;
  /** Metrics that the objective computed. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Capabilities of a learner. */
export interface LearnerCapabilities {
  /**
   * Kind of the entropies that the learner reports. `surprisal`: minus the log-probs instead, with
   * the same mean but more noise.
   */
  readonly entropies: "exact" | "top-k" | "surprisal" | "none";
  /** True if the learner can train any {@link Objective}. */
  readonly customObjectives: boolean;
  /**
   * True if the learner trains a value head: scores contain values, and objectives may require
   * them. Absent: false.
   */
  readonly values?: boolean;
  readonly maxSequenceTokens: number;
  /** Absent: a complete model, weights in memory. */
  readonly weights?: OfferedWeights;
}

/** Progress listener of a learner's calls, with the number of computed tokens and the total. */
export type OnTokens = (done: number, total: number) => void;

/** Scores rows and updates the weights of a policy. */
export interface Learner {
  readonly capabilities: LearnerCapabilities;
  /**
   * Computes log-probs and entropies under the current weights, without a gradient, in the order of
   * `rows`.
   */
  score(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]>;
  /**
   * Fixed reference policy, whose log-probs become `referenceLogProbs`: the initial weights, or the
   * model without the trained adapter. Absent if the learner does not keep it.
   */
  readonly reference?: Pick<Learner, "score">;
  /**
   * Makes one optimizer step on the loss summed over all rows.
   * @throws `NonFiniteError` if the loss or the gradient is not finite; the weights are then
   *   unchanged.
   */
  update(
    rows: readonly TrainingRow[],
    objective: Objective,
    onTokens?: OnTokens,
  ): Promise<UpdateReport>;
  /** Current weights, for a sampler. */
  weights(): PolicyWeights;
  /** Writes weights, optimizer state and counters to a folder. */
  save(directory: string): Promise<void>;
  /**
   * Restores a saved folder.
   * @throws If the saved model has another shape; the state is then unchanged.
   */
  restore(directory: string): Promise<void>;
}

/** Thrown if a server's length limit is exceeded: the episode is truncated. */
export class SequenceLimitError extends Error {
  override readonly name = "SequenceLimitError";
}

/** Thrown if a loss, gradient or input is NaN or infinite; gives the location. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
  /** Index of the row in the update, if a single row is the cause. */
  readonly row: number | undefined;
  /** Position of the token in the row. */
  readonly position: number | undefined;

  constructor(message: string, row?: number, position?: number) {
    super(message);
    this.row = row;
    this.position = position;
  }
}
