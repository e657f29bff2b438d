import type { SampleRequest, TokenRow, TrainingRow } from "@turnwise/core";
import type { SaveModelOptions } from "./engine-port.ts";
import type { ObjectiveProgram } from "../learning/objective-program.ts";
import type { SampledToken } from "../sampling/sample-request.ts";
import type { SerializedError } from "./serialize-error.ts";

/** Call of a method that has one answer. */
export type Call =
  | { readonly method: "load"; readonly version: number }
  | { readonly method: "scoreTokens"; readonly rows: readonly (readonly number[])[] }
  | { readonly method: "usage" | "tokenCounts" }
  | { readonly method: "score" | "scoreReference"; readonly rows: readonly TokenRow[] }
  | {
      readonly method: "update";
      readonly rows: readonly TrainingRow[];
      readonly objective: ObjectiveProgram;
    }
  | { readonly method: "save"; readonly directory: string }
  | {
      readonly method: "saveModel";
      readonly directory: string;
      readonly options: SaveModelOptions;
    }
  | { readonly method: "restore"; readonly directory: string }
  | { readonly method: "close" };

/** Request with its id. */
export interface SentRequest {
  readonly id: number;
  readonly request: SampleRequest;
  /** True if the caller wants each token as it is sampled. */
  readonly sendsTokens: boolean;
}

/** Message from the main thread. An answer has the id of its call or request. */
export type ToWorker =
  | { readonly kind: "call"; readonly id: number; readonly call: Call }
  /** All requests made in one tick. */
  | {
      readonly kind: "sample";
      readonly requests: readonly SentRequest[];
    }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "release"; readonly sequenceId: string };

/** Outcome of a call or request; or a token, or progress, of one that is still running. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SerializedError }
  | { readonly id: number; readonly token: SampledToken }
  | { readonly id: number; readonly done: number; readonly total: number };

/** Message from the worker: first whether the engine started, then batches of answers. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly error: SerializedError }
  | { readonly kind: "answers"; readonly answers: readonly Answer[] };
