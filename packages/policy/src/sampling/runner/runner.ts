import type { Random } from "@turnwise/core";
import type { Executor, FileFeed, ResidentTensor } from "@turnwise/graph";
import type { ParameterLayout } from "../../model/parameter-layout.ts";
import type { DrawnToken, DrawOptions } from "./draw-token.ts";
import type { CachedSequence, PageTable } from "./page-table.ts";

/** Options of a {@link Runner}. */
export interface RunnerOptions {
  /** Layout of the model's parameters. Loaded weights may also include an adapter. */
  readonly layout: ParameterLayout;
  readonly executor: Executor;
  /**
   * Maximum number of new tokens in one step, over all sequences, `>= 2`. Default for a policy:
   * 2048.
   */
  readonly stepTokens: number;
  /**
   * Maximum bytes of keys and values. When the memory is full, idle sequences are evicted, least
   * recently used first; new requests wait in order of arrival; and the latest active requests are
   * preempted, and recomputed later. Default for a policy: 1 GiB.
   */
  readonly cacheBytes: number;
  /** Number of threads for attention in host memory, including this one. Default 1. */
  readonly threads?: number;
}

/** New tokens of one sequence in a step. */
export interface StepJob {
  readonly sequence: CachedSequence;
  /** Number of new positions, which follow the filled ones, `>= 1`. */
  readonly numQueries: number;
  /** Token ids of the new positions; there are `numQueries` of them. */
  readonly tokens: readonly number[];
}

/** Job that may draw a new token, which follows its last token. */
export interface DrawJob extends StepJob {
  /** Options of the draw; `undefined` in the middle of a prompt. */
  readonly draw: { readonly options: DrawOptions; readonly random: Random } | undefined;
}

/** Job whose tokens are scored. */
export interface ScoreJob extends StepJob {
  /** Next token after each position; `undefined` after the last token of a row. */
  readonly targets: readonly (number | undefined)[];
}

/** Draws the next token of a job; call once per job. @throws `NonFiniteError`, see `drawToken`. */
export type StepDraws = (job: number) => DrawnToken;

/**
 * Scores of the positions of a step, one job after the other; non-finite if logits are non-finite.
 */
export interface StepScores {
  /** Log-prob of each target, nats; NaN where there is no target. */
  readonly logProbs: Float64Array;
  readonly entropies: Float64Array;
}

/**
 * Reads a parameter, or its location in a memory-mapped file. Each parameter is requested once,
 * when it is needed. The returned array must not change until its program is compiled; the
 * embedding must never change.
 * @param into - Unused array of the same size to fill and return, which reduces memory
 *   fragmentation.
 */
export type ReadWeights = (
  name: string,
  into?: Float32Array,
) => Float32Array | FileFeed | Promise<Float32Array | FileFeed>;

/** Weights that are already resident tensors; see `ResidentWeights`. */
export interface SharedWeights {
  get(name: string): ResidentTensor | undefined;
  /** Releases the tensors. */
  release(): void;
}

/** Source of a runner's weights. */
export type RunnerWeights = {
  /** Layout of the parameters of the model and of an adapter that is not merged. */
  readonly layout: ParameterLayout;
} & (
  | { readonly read: ReadWeights }
  /**
   * Shared weights. The runner owns them from now on, and releases them when it loads others or is
   * closed.
   */
  | { readonly shared: SharedWeights }
);

/** Counters and timings of a runner. */
export interface RunnerTimings {
  numSteps: number;
  /** Number of new tokens in all steps. */
  numTokens: number;
  /** Time spent in the executor's programs. */
  programMilliseconds: number;
  /**
   * Part of `programMilliseconds` spent in the head alone; 0 if the head is part of another
   * program.
   */
  headMilliseconds: number;
  /**
   * Time spent in attention between programs, including cache writes; 0 if attention is part of the
   * programs.
   */
  attentionMilliseconds: number;
  /** Time spent on preparing inputs of programs and reading their outputs. */
  preparationMilliseconds: number;
}

/** Creates counters and timings that are all 0. */
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
  /** Timings since the current weights were loaded; `undefined` if no weights are loaded. */
  readonly timings: RunnerTimings | undefined;
  /** Maximum number of tokens in a step that scores rows. */
  readonly maxScoredTokens: number;
  /**
   * Loads new weights after releasing the old ones, so that two models need not fit into memory.
   * All pages must be released first; they are cleared.
   */
  load(weights: RunnerWeights): Promise<void>;
  /**
   * Computes new tokens of different sequences, and returns a function that draws the next tokens.
   */
  step(jobs: readonly DrawJob[]): Promise<StepDraws>;
  /** Computes new tokens of different sequences, and scores them at temperature 1. */
  score(jobs: readonly ScoreJob[]): Promise<StepScores>;
  /**
   * Recovers from a failed step or draw; must be called after one.
   * @returns True if all pages that the step did not write still have their contents.
   */
  recover(): boolean;
  /** Releases all resources. */
  close(): Promise<void>;
}
