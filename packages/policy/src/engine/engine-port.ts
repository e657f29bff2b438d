import type {
  OnTokens,
  SampledResponse,
  SampleRequest,
  ScoredRow,
  TokenCounts,
  TokenRow,
  TrainingRow,
  UpdateReport,
} from "@turnwise/core";
import type { JsonObject } from "../files/json-file.ts";
import type { ParameterLayout } from "../model/parameter-layout.ts";
import type { Parameters } from "../model/shape/parameters.ts";
import type { FloatType } from "../files/safetensors.ts";
import type { ObjectiveProgram } from "../learning/objective-program.ts";
import type { LearningOptions } from "../learning/learning-options.ts";
import type { RunnerOptions } from "../sampling/runner/runner.ts";
import type { LocalPolicyOptions } from "./local-options.ts";
import type { WeightStorage } from "./weight-storage.ts";
import type { OptimizerConfig } from "../learning/optimizer-config.ts";
import type { OnToken } from "../sampling/sample-request.ts";
import type { SamplerUsage } from "../sampling/sampling-engine.ts";
import type { RowScores } from "../sampling/score-rows.ts";

/** Options of an engine, as plain data for a worker thread. See `LocalPolicyOptions`. */
export interface EngineOptions
  extends
    Omit<LearningOptions, "optimizer">,
    Pick<RunnerOptions, "stepTokens" | "cacheBytes">,
    Required<Pick<LocalPolicyOptions, "maxSequenceTokens" | "threads" | "device">> {
  /** Config and parameters of the model, the adapter and the value head. */
  readonly layout: ParameterLayout;
  /**
   * Content of the `config.json` from which the config was read; saving keeps its other fields.
   */
  readonly configJson?: JsonObject | undefined;
  /** Folder with a checkpoint, seed for random weights, or the weights themselves. */
  readonly weights:
    | { readonly directory: string }
    | { readonly seed: number | string }
    | { readonly parameters: Parameters };
  /** Folder or random seed of the adapter, if the layout has one. */
  readonly adapter?:
    | { readonly directory: string }
    | { readonly seed: number | string }
    | undefined;
  /** Storage of frozen weights read from a folder. Default `"float32"`. */
  readonly weightStorage?: Exclude<WeightStorage, "auto">;
  /** Optimizer; `undefined` for an engine without a learner, which needs much less memory. */
  readonly optimizer: OptimizerConfig | undefined;
}

/** Options of `LocalPolicy.saveModel`. */
export interface SaveModelOptions {
  /**
   * Storage type; F16 and BF16 round values. Default: the type in which the model was read, or F32.
   */
  readonly type?: FloatType;
  /** Maximum bytes of tensors in one file. Default 5e9. */
  readonly maxFileBytes?: number;
}

/** Request for a response that is being sampled. */
export interface PendingSample {
  readonly response: Promise<SampledResponse>;
  /** Cancels the request; the promise rejects with the reason. */
  readonly cancel: (reason: unknown) => void;
}

/**
 * Interface between sampler or learner and the engine, which may run in another thread. The engine
 * holds the weights and the optimizer, and samples. Weights are versioned; the sampler keeps its
 * loaded version while the learner trains.
 */
export interface EnginePort {
  /**
   * Samples a response.
   * @param onToken - Called with each token before the response is complete.
   */
  sample(request: SampleRequest, onToken?: OnToken): PendingSample;
  release(sequenceId: string): void;
  /**
   * Loads the learner's current weights into the sampler.
   * @throws `RangeError` if `version` is not their version.
   */
  load(version: number): Promise<void>;
  /** Scores complete rows under the sampler's current weights. */
  scoreTokens(rows: readonly (readonly number[])[]): Promise<RowScores[]>;
  usage(): Promise<SamplerUsage>;
  tokenCounts(): Promise<TokenCounts>;
  score(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]>;
  scoreReference(rows: readonly TokenRow[], onTokens?: OnTokens): Promise<ScoredRow[]>;
  update(
    rows: readonly TrainingRow[],
    objective: ObjectiveProgram,
    onTokens?: OnTokens,
  ): Promise<{ readonly report: UpdateReport; readonly version: number }>;
  save(directory: string): Promise<void>;
  /** Writes only the model, with the adapter merged in. */
  saveModel(directory: string, options: SaveModelOptions): Promise<void>;
  /** Restores a saved learner. @returns Version of the weights. */
  restore(directory: string): Promise<number>;
  close(): Promise<void>;
}
