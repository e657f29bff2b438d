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

/** Options of an engine: plain data that can be sent to a worker. See `LocalPolicyOptions`. */
export interface EngineOptions
  extends
    Omit<LearningOptions, "optimizer">,
    Pick<RunnerOptions, "stepTokens" | "cacheBytes">,
    Required<Pick<LocalPolicyOptions, "maxSequenceTokens" | "threads" | "device">> {
  /** Config and parameters of the model, the adapter and the value head. */
  readonly layout: ParameterLayout;
  /**
   * Content of the `config.json` that the config was read from; its fields are kept when saving.
   */
  readonly configJson?: JsonObject | undefined;
  /** Folder with a checkpoint, seed for fresh weights, or the weights themselves. */
  readonly weights:
    | { readonly directory: string }
    | { readonly seed: number | string }
    | { readonly parameters: Parameters };
  /** With an adapter in the layout: its folder, or a seed for a fresh one. */
  readonly adapter?:
    | { readonly directory: string }
    | { readonly seed: number | string }
    | undefined;
  /** Storage of frozen weights read from a folder. Default `"float32"`. */
  readonly weightStorage?: Exclude<WeightStorage, "auto">;
  /** Undefined for an engine without a learner, which needs a fraction of the memory. */
  readonly optimizer: OptimizerConfig | undefined;
}

/** Options of `LocalPolicy.saveModel`. */
export interface SaveModelOptions {
  /** Storage type; F16 and BF16 round. Default: the type that the model was read in, else F32. */
  readonly type?: FloatType;
  /** Maximum bytes of tensors in one file. Default 5e9. */
  readonly maxFileBytes?: number;
}

/** Request in progress. */
export interface PendingSample {
  readonly response: Promise<SampledResponse>;
  /** Cancels the request; the promise rejects with the reason. */
  readonly cancel: (reason: unknown) => void;
}

/**
 * Engine as seen by the sampler and the learner, in this thread or another: weights, their
 * optimizer, and sampling from them. Weights are versioned; the sampler keeps the version that it
 * loaded.
 */
export interface EnginePort {
  /** @param onToken - Called with each token before the response is complete. */
  sample(request: SampleRequest, onToken?: OnToken): PendingSample;
  release(sequenceId: string): void;
  /**
   * Hands the learner's weights to the sampler. @throws `RangeError` if they are not of that
   * version.
   */
  load(version: number): Promise<void>;
  /** Scores complete rows under the sampler's weights. */
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
  /** @returns Version of the weights. */
  restore(directory: string): Promise<number>;
  close(): Promise<void>;
}
