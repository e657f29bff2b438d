import type { Random } from "@turnwise/core";
import type { Executor, FileFeed, ResidentTensor } from "@turnwise/graph";
import type { ParameterLayout } from "../../model/parameter-layout.ts";
import type { DrawnToken, DrawOptions } from "./draw-token.ts";
import type { CachedSequence, PageTable } from "./page-table.ts";

/** Options of a {@link Runner}. */
export interface RunnerOptions {
  /** Layout of the model's parameters. Loaded weights may include an adapter's. */
  readonly layout: ParameterLayout;
  readonly executor: Executor;
  /**
   * Maximum number of new tokens in one step, over all sequences, `>= 2`. Default of a policy:
   * 2048.
   */
  readonly stepTokens: number;
  /**
   * Maximum bytes of keys and values. When they are used up, idle sequences are evicted, least
   * recently used first; new requests wait in order of arrival; and the latest active ones are
   * preempted, and recomputed when there is memory. Default of a policy: 1 GiB.
   */
  readonly cacheBytes: number;
  /** Threads for attention in host memory, this one included. Default 1. */
  readonly threads?: number;
}

/** New tokens of one sequence. */
export interface StepJob {
  readonly sequence: CachedSequence;
  /** Number of new positions after the filled ones, `>= 1`. */
  readonly numQueries: number;
  /** `numQueries` token ids, for the new positions. */
  readonly tokens: readonly number[];
}

/** Job that may draw a token after its last one. */
export interface DrawJob extends StepJob {
  /** Draw options; undefined in the middle of a prompt. */
  readonly draw: { readonly options: DrawOptions; readonly random: Random } | undefined;
}

/** Job whose tokens are scored. */
export interface ScoreJob extends StepJob {
  /** Next token of each position; undefined after the last of a row. */
  readonly targets: readonly (number | undefined)[];
}

/** Draws the token of a job, each once. @throws `RangeError` for non-finite logits. */
export type StepDraws = (job: number) => DrawnToken;

/** Scores of the positions of a step, one job after the other; non-finite for non-finite logits. */
export interface StepScores {
  /** Log-prob of the target, nats; NaN without one. */
  readonly logProbs: Float64Array;
  readonly entropies: Float64Array;
}

/**
 * Reads a parameter, or its location in a memory-mapped file. Each is requested once, when needed.
 * The returned array must not change until its program is compiled; the embedding's never.
 * @param into - An unused array of the same size to fill and return. Reuse avoids memory
 *   fragmentation between weights that stay.
 */
export type ReadWeights = (
  name: string,
  into?: Float32Array,
) => Float32Array | FileFeed | Promise<Float32Array | FileFeed>;

/** Weights that an executor already holds; see `ResidentWeights`. */
export interface SharedWeights {
  get(name: string): ResidentTensor | undefined;
  /** Releases the tensors. */
  release(): void;
}

/** Source of a runner's weights. */
export type RunnerWeights = {
  /** Layout of the parameters: the model's, and those of a separate adapter. */
  readonly layout: ParameterLayout;
} & (
  | { readonly read: ReadWeights }
  /** Owned by the runner from now on, which releases them when it loads others or is closed. */
  | { readonly shared: SharedWeights }
);

/** Counters and timings of a runner. */
export interface RunnerTimings {
  numSteps: number;
  /** New tokens of all steps. */
  numTokens: number;
  /** Time in the executor's programs. */
  programMilliseconds: number;
  /** Part of it in the head alone; 0 if the head is part of another program. */
  headMilliseconds: number;
  /** Time in attention between programs, cache writes included; 0 if attention is part of them. */
  attentionMilliseconds: number;
  /** Time to prepare inputs of programs and to read their outputs. */
  preparationMilliseconds: number;
}

/** Returns zero counters and timings. */
export function zeroTimings(): RunnerTimings {
  return {
    numSteps: 0,
    numTokens: 0,
    programMilliseconds: 0,
    headMilliseconds: 0,
    attentionMilliseconds: 0,
    preparationMilliseconds: 0,
  };
}

/** Computes the steps of a sampler, and stores their keys and values. */
export interface Runner {
  /** Page allocation of keys and values. */
  readonly pages: PageTable;
  /** Timings under the current weights; undefined without weights. */
  readonly timings: RunnerTimings | undefined;
  /** Maximum number of tokens in a scoring step. */
  readonly maxScoredTokens: number;
  /**
   * Loads new weights after releasing the old ones, so that two models need not fit into memory.
   * Pages must be released before, and are cleared.
   */
  load(weights: RunnerWeights): Promise<void>;
  /** Reads new tokens of different sequences, and returns a function that draws the next ones. */
  step(jobs: readonly DrawJob[]): Promise<StepDraws>;
  /** Reads new tokens of different sequences, and scores them at temperature 1. */
  score(jobs: readonly ScoreJob[]): Promise<StepScores>;
  /**
   * Must be called after a failed step or draw.
   * @returns True if pages not written by the step still hold their content.
   */
  recover(): boolean;
  /** Releases all resources. */
  close(): Promise<void>;
}
