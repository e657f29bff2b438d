import type { Objective, ObjectiveField } from "./objective.ts";
import type { ResponseStop } from "./records.ts";
import type { TokenRow } from "./token-row.ts";

/** Text to token ids and back. */
export interface Tokenizer {
  /** Number of token ids; every id is below it. */
  readonly vocabularySize: number;
  /** The token that a response is trained to end with. */
  readonly endToken: number;
  /** All tokens that end a response, see `endTokensOf`. Default `endToken` alone. */
  readonly endTokens?: readonly number[];
  encode(text: string): number[];
  decode(tokens: readonly number[]): string;
}

/**
 * How tokens are drawn. The logits are divided by the temperature and become probabilities; then
 * tokens are left out, in this order: banned ones, all but the `topK`, all but `topP` of the mass that
 * is left, those below `minP`. What remains, always one token at least, is renormalised and drawn from.
 */
export interface SamplingOptions {
  /** Divides the logits, `>= 0`; 0 takes the most likely token. Default 1. */
  readonly temperature?: number;
  /** Keeps so many of the most likely tokens, and those as likely as the last of them; 0, the default, keeps all. */
  readonly topK?: number;
  /**
   * Keeps the fewest most likely tokens whose probabilities reach this sum, in `(0, 1]`; of equally
   * likely ones those of the smaller ids. Default 1, which keeps all.
   */
  readonly topP?: number;
  /** Keeps tokens at least so many times as likely as the most likely one, in `[0, 1]`. Default 0, which keeps all. */
  readonly minP?: number;
  /** Tokens that are never drawn. */
  readonly bannedTokens?: readonly number[];
  /** The longest response, end token included, `>= 1`. */
  readonly maxTokens: number;
  /** Tokens that end a response (and belong to it). */
  readonly stopTokens: readonly number[];
  /**
   * Texts that end a response as soon as its decoded tokens contain one, wherever token borders lie.
   * The token that completes it is the last of the response. None may be empty.
   */
  readonly stopStrings?: readonly string[];
}

/** A request for one response. */
export interface SampleRequest extends SamplingOptions {
  /** All tokens before the response, whether or not the engine has seen some of them. */
  readonly promptTokens: readonly number[];
  /** Fixes the draws: equal seeds and prompts give equal responses, in whatever company. */
  readonly seed: string;
  /**
   * Names a growing sequence. The engine may keep what it computed for it, and then only reads what
   * is new in the next request of that name, until {@link Sampler.release}.
   */
  readonly sequenceId?: string;
}

/** A response as it was sampled. */
export interface SampledResponse {
  readonly tokens: readonly number[];
  /**
   * Of each token under the distribution it was drawn from: at the temperature, over what the filters
   * left, renormalised; nats, `[token]`. All 0 at temperature 0. Empty where a hosted model gives none.
   */
  readonly logProbs: readonly number[];
  /**
   * Of each distribution at the temperature over the full vocabulary, before any filter, nats,
   * `[token]`. All 0 at temperature 0. From below where `capabilities.entropies` is `top-k`, empty where
   * it is `none`.
   */
  readonly entropies: readonly number[];
  /**
   * Of each token under the distribution that its entropy belongs to, before any filter; given where
   * the request filters. `logProbs` are larger by minus the log of the mass that the filters left.
   */
  readonly unfilteredLogProbs?: readonly number[];
  /**
   * Version of the weights that sampled each token, `[token]`; given by samplers whose weights may
   * change within a response. Absent: the version that `load` returned, for all.
   */
  readonly policyVersions?: readonly number[];
  /**
   * A token of `stopTokens`, or another one at which a server stops, last in `tokens`; a text of
   * `stopStrings`; `maxTokens`. A token goes before a text.
   */
  readonly stopReason: ResponseStop;
  /** The decoded tokens, cut before the first stop string; given where the request has stop strings. */
  readonly text?: string;
}

/** Weights of a policy, as one part hands them to another; opaque but for the version. */
export interface PolicyWeights {
  /** Rises with every change of the weights. */
  readonly version: number;
}

/**
 * Ways in which new weights travel from a learner to a sampler:
 *
 * - `memory`: both share a process; the weights are handed over, or shared.
 * - `adapter-folder`: a PEFT folder that the sampler reads, next to a base model that it has.
 * - `full-folder`: a Hugging Face folder with the whole model.
 * - `server-handle`: a name under which one server keeps the weights for both.
 */
export type WeightTransport = "memory" | "adapter-folder" | "full-folder" | "server-handle";

/**
 * Check that an update arrived: `version`, the sampler refuses weights that are not the learner's
 * present ones; `probe`, log-probs of fixed tokens after an update are compared with the learner's
 * scores; `none`, no weights ever arrive.
 */
export type WeightVerification = "version" | "probe" | "none";

/** Weights that a sampler takes over. */
export interface AcceptedWeights {
  /** `none`: the sampler keeps the weights that it began with, and can only be evaluated. */
  readonly transport: WeightTransport | "none";
  readonly verification: WeightVerification;
  /** Adapters that it holds at the same time; 0 where it takes whole models alone. */
  readonly maxAdapters: number;
}

/** Weights that a learner gives away. */
export interface OfferedWeights {
  /** All transports that it can serve. */
  readonly transports: readonly WeightTransport[];
  /** Adapters that it trains at the same time; 0 where it trains the whole model. */
  readonly numAdapters: number;
}

/** What a sampler can do; a trainer refuses a recipe that needs more. */
export interface SamplerCapabilities {
  readonly entropies: "exact" | "top-k" | "none";
  readonly maxSequenceTokens: number;
  /** Absent: weights in memory, checked by version, of a whole model. */
  readonly weights?: AcceptedWeights;
}

/** Tokens that a sampler has computed since it was made, those of unfinished responses included. */
export interface TokenCounts {
  /** Prompt tokens that were read; what was cached is not read again. */
  readonly numRead: number;
  readonly numSampled: number;
}

/** Samples responses. Requests that wait together are computed together. */
export interface Sampler {
  readonly capabilities: SamplerCapabilities;
  /** Takes over weights. @returns Their version. */
  load(weights: PolicyWeights): Promise<number>;
  /**
   * Samples one response.
   * @throws `RangeError` if prompt and response may exceed `capabilities.maxSequenceTokens`;
   *   {@link SequenceLimitError} if a server finds them too long; an error with a kind of failure (see
   *   `failureKindOf`) if a server fails; the signal's reason if it aborts.
   */
  sample(request: SampleRequest, signal?: AbortSignal): Promise<SampledResponse>;
  /** Forgets a sequence. Unknown names are fine. */
  release(sequenceId: string): void;
  /** Counts for a progress display; absent where nobody counts. */
  tokenCounts?(): Promise<TokenCounts>;
}

/** What a learner computed for one row: one entry a span, in the row's order. */
export interface ScoredRow {
  readonly spans: readonly {
    /** Log-probs of the span's tokens, nats, `[token]`. */
    readonly logProbs: Float32Array;
    /** Entropies of the distributions that they belong to, nats, `[token]`, or what stands for them. */
    readonly entropies: Float32Array;
    /** What a value head expects to be paid from each token on, `[token]`; absent without one. */
    readonly values?: Float32Array;
  }[];
}

/**
 * A row to train on. The arrays run over the response tokens of all its spans, one span after the
 * other.
 */
export interface TrainingRow extends TokenRow {
  /** Each token's share in the loss, see `ObjectiveInputs.weights`; may be 0. */
  readonly weights: Float32Array;
  /** What the objective needs, by its name. */
  readonly fields: Readonly<Partial<Record<ObjectiveField, Float32Array>>>;
}

/** What one optimizer step did. */
export interface UpdateReport {
  readonly loss: number;
  /** Global norm of the gradient before clipping; NaN where a server does not say. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Response tokens with a weight other than 0. */
  readonly numTokens: number;
  /** The objective's metrics. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What a learner can do. */
export interface LearnerCapabilities {
  /** `surprisal`: minus the log-probs stand for them, which have the same mean and more noise. */
  readonly entropies: "exact" | "top-k" | "surprisal" | "none";
  /** Whether any {@link Objective} can be trained. */
  readonly customObjectives: boolean;
  /** Whether a value head is trained: scores hold values, and objectives may need them. Absent: no. */
  readonly values?: boolean;
  readonly maxSequenceTokens: number;
  /** Absent: weights in memory, of a whole model. */
  readonly weights?: OfferedWeights;
}

/** Called during a call of a learner, with the number of tokens that are computed and of all. */
export type OnTokens = (done: number, total: number) => void;

/** Scores and changes the weights of a policy. */
export interface Learner {
  readonly capabilities: LearnerCapabilities;
  /** Log-probs and entropies under the present weights, without a gradient, in the order of rows. */
  score(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]>;
  /**
   * The fixed reference policy, whose log-probs become `referenceLogProbs`: the first weights, or the
   * model without the adapter that is trained. Absent where the learner does not keep it.
   */
  readonly reference?: Pick<Learner, "score">;
  /**
   * One optimizer step on the loss summed over all rows.
   * @throws `NonFiniteError` if the loss or the gradient is not finite; the weights are as before.
   */
  update(
    rows: readonly TrainingRow[],
    objective: Objective,
    onTokens?: OnTokens,
  ): Promise<UpdateReport>;
  /** The present weights, for a sampler. */
  weights(): PolicyWeights;
  /** Writes weights, optimizer state and counters into a folder. */
  save(directory: string): Promise<void>;
  /** Takes them back. @throws if the folder holds another shape; the state is then as before. */
  restore(directory: string): Promise<void>;
}

/** A server's limit of the sequence is shorter than what it was sent: the episode is cut short. */
export class SequenceLimitError extends Error {
  override readonly name = "SequenceLimitError";
}

/** A loss, a gradient or an input that is NaN or infinite, and where it was found. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
  /** Index of the row in the update, where one row is to blame. */
  readonly row: number | undefined;
  /** Position of the token in that row. */
  readonly position: number | undefined;

  constructor(message: string, row?: number, position?: number) {
    super(message);
    this.row = row;
    this.position = position;
  }
}
