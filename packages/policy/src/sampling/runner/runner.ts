import type { Random } from "@turnwise/core";
import type { Executor, FileFeed, ResidentTensor } from "@turnwise/graph";
import type { ParameterLayout } from "../../model/parameter-layout.ts";
import type { DrawnToken, DrawOptions } from "./draw-token.ts";
import type { CachedSequence, PageTable } from "./page-table.ts";

/** Options of a {@link Runner}. */
export interface RunnerOptions {
  /** Layout of the model's parameters. Weights that are loaded may come with an adapter's as well. */
  readonly layout: ParameterLayout;
  readonly executor: Executor;
  /** Maximum number of new tokens of one step, over all sequences, `>= 2`. A policy's default is 2048. */
  readonly stepTokens: number;
  /**
   * Maximum bytes of keys and values. When they are used up, idle sequences are evicted, the longest
   * unused first; new requests wait in the order of their arrival; and the latest of the active ones are
   * preempted, and read again when there is room. A policy's default is 1 GiB.
   */
  readonly cacheBytes: number;
  /** Threads that compute attention in this computer's memory, this one included. Default 1. */
  readonly threads?: number;
}

/** New tokens of one sequence. */
export interface StepJob {
  readonly sequence: CachedSequence;
  /** New positions, behind those that are filled, `>= 1`. */
  readonly numQueries: number;
  /** `numQueries` token ids, for the new positions. */
  readonly tokens: readonly number[];
}

/** A job behind whose last token another one may be drawn. */
export interface DrawJob extends StepJob {
  /** How to draw it; undefined in the middle of a prompt. */
  readonly draw: { readonly options: DrawOptions; readonly random: Random } | undefined;
}

/** A job whose tokens are scored. */
export interface ScoreJob extends StepJob {
  /** The token behind each position; undefined behind the last of a row. */
  readonly targets: readonly (number | undefined)[];
}

/** Gives the token that is drawn for a job, each once. @throws `RangeError` for logits that are not finite. */
export type StepDraws = (job: number) => DrawnToken;

/** Scores of the positions of a step, one job after the other; not finite where logits are not. */
export interface StepScores {
  /** Log-prob of the target, nats; NaN without one. */
  readonly logProbs: Float64Array;
  readonly entropies: Float64Array;
}

/**
 * Gives a parameter, or its place in a file that stays. Each is asked for once, when it is needed. Its
 * array must not change until its program is compiled; the embedding's must never.
 * @param into - An array of the same size that is not needed any more, to be filled and returned: what
 *   is given back to the allocator among weights that stay leaves holes between them.
 */
export type ReadWeights = (
  name: string,
  into?: Float32Array,
) => Float32Array | FileFeed | Promise<Float32Array | FileFeed>;

/** Weights that an executor holds already; see `ResidentWeights`. */
export interface HeldWeights {
  get(name: string): ResidentTensor | undefined;
  /** Lets go of them. */
  release(): void;
}

/** Where a runner gets weights from. */
export type RunnerWeights = {
  /** Layout of the parameters that are read or held: the model's, and those of an adapter next to it. */
  readonly layout: ParameterLayout;
} & (
  | { readonly read: ReadWeights }
  /** The runner's from now on: it releases them when it loads others, and when it is closed. */
  | { readonly held: HeldWeights }
);

/** What a runner has done, and how long its parts took. */
export interface RunnerTimings {
  numSteps: number;
  /** New tokens of all steps. */
  numTokens: number;
  /** In the executor's programs. */
  programMilliseconds: number;
  /** Of these, in the head alone; 0 where it is a part of another program. */
  headMilliseconds: number;
  /** In attention between programs, with the writing of the cache; 0 where it is a part of them. */
  attentionMilliseconds: number;
  /** In preparing what programs are fed with, and in reading what they give. */
  preparationMilliseconds: number;
}

/** No work done yet. */
export function noTimings(): RunnerTimings {
  return {
    numSteps: 0,
    numTokens: 0,
    programMilliseconds: 0,
    headMilliseconds: 0,
    attentionMilliseconds: 0,
    preparationMilliseconds: 0,
  };
}

/** What computes the steps of a sampler, and keeps the keys and values that they share. */
export interface Runner {
  /** Who holds which pages of keys and values. */
  readonly pages: PageTable;
  /** What was done under the present weights; undefined without any. */
  readonly timings: RunnerTimings | undefined;
  /** The most tokens of a step that scores. */
  readonly maxScoredTokens: number;
  /**
   * Takes other weights, and forgets the old ones first, so that two models need not fit into the
   * memory. Pages are to be given back before: nothing lingers in them.
   */
  load(weights: RunnerWeights): Promise<void>;
  /** Reads new tokens of different sequences, and draws behind them. */
  step(jobs: readonly DrawJob[]): Promise<StepDraws>;
  /** Reads new tokens of different sequences, and scores them, at temperature 1. */
  score(jobs: readonly ScoreJob[]): Promise<StepScores>;
  /**
   * To be called after a step or its draws have failed.
   * @returns Whether pages that no job of it wrote to still hold what they held.
   */
  recover(): boolean;
  /** Gives everything back. */
  close(): Promise<void>;
}
