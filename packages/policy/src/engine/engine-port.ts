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

/** Options of an engine: plain data, which can be sent to a worker. See `LocalPolicyOptions`. */
export interface EngineOptions
  extends
    Omit<LearningOptions, "optimizer">,
    Pick<RunnerOptions, "stepTokens" | "cacheBytes">,
    Required<Pick<LocalPolicyOptions, "maxSequenceTokens" | "threads" | "device">> {
  /** Config and parameters: the model's, those of the adapter, and those of the value head. */
  readonly layout: ParameterLayout;
  /** Content of the `config.json` that the config was read from; its fields are kept when it is saved. */
  readonly configJson?: JsonObject | undefined;
  /** A folder with a checkpoint, a seed for fresh weights, or the weights themselves. */
  readonly weights:
    | { readonly directory: string }
    | { readonly seed: number | string }
    | { readonly parameters: Parameters };
  /** With an adapter in the layout: its folder, or a seed for a fresh one. */
  readonly adapter?:
    | { readonly directory: string }
    | { readonly seed: number | string }
    | undefined;
  /** Storage of the weights of a folder while they are not trained. Default `"float32"`. */
  readonly weightStorage?: Exclude<WeightStorage, "auto">;
  /** Undefined: no learner, whose weights and moments would take several times the memory. */
  readonly optimizer: OptimizerConfig | undefined;
}

/** Options of `LocalPolicy.saveModel`. */
export interface SaveModelOptions {
  /** How numbers are stored; F16 and BF16 round them. Default as the model was read, else F32. */
  readonly type?: FloatType;
  /** Bytes of tensors beyond which another file is begun. Default 5e9. */
  readonly maxFileBytes?: number;
}

/** A request that is being answered. */
export interface PendingSample {
  readonly response: Promise<SampledResponse>;
  /** Gives it up; the promise is rejected with the reason. */
  readonly cancel: (reason: unknown) => void;
}

/**
 * An engine as the sampler and the learner see it, in this thread or in another one: weights, their
 * optimizer, and what samples from them. Weights are versioned; the sampler keeps those that it
 * loaded.
 */
export interface EnginePort {
  /** @param onToken - Hears of each token before the response is there. */
  sample(request: SampleRequest, onToken?: OnToken): PendingSample;
  release(sequenceId: string): void;
  /** Hands the learner's weights to the sampler. @throws `RangeError` if they are not of that version. */
  load(version: number): Promise<void>;
  /** Scores whole rows with the sampler's weights. */
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
  /** Writes the model alone, with the adapter merged in. */
  saveModel(directory: string, options: SaveModelOptions): Promise<void>;
  /** @returns The version of the weights. */
  restore(directory: string): Promise<number>;
  close(): Promise<void>;
}
