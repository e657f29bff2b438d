import type { SampleRequest, TokenRow, TrainingRow } from "@turnwise/core";
import type { SaveModelOptions } from "./engine-port.ts";
import type { ObjectiveProgram } from "../learning/objective-program.ts";
import type { SampledToken } from "../sampling/sample-request.ts";
import type { SentError } from "./sent-error.ts";

/** A question with one answer. */
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

/** A request with its number. */
export interface SentRequest {
  readonly id: number;
  readonly request: SampleRequest;
  /** Whether each token is wanted before the response. */
  readonly isHeard: boolean;
}

/** What the main thread sends. An answer carries the number of what it answers. */
export type ToWorker =
  | { readonly kind: "call"; readonly id: number; readonly call: Call }
  /** All requests of one tick. */
  | {
      readonly kind: "sample";
      readonly requests: readonly SentRequest[];
    }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "release"; readonly sequenceId: string };

/** The outcome of one call or request, or a token or the progress of one that goes on. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SentError }
  | { readonly id: number; readonly token: SampledToken }
  | { readonly id: number; readonly done: number; readonly total: number };

/** What the worker sends: first whether it started, then answers, all that come up at once. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly error: SentError }
  | { readonly kind: "answers"; readonly answers: readonly Answer[] };
