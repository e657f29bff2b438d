import type { EpisodeHost } from "./episode-host.ts";

/** Initial data of a thread that runs episodes. */
export interface ThreadSetup {
  readonly module: string;
  readonly exported: string;
}

/** Methods that can be called in a thread. */
export type ThreadMethod = Exclude<keyof EpisodeHost<unknown>, "numEpisodes">;

/** A call, the cancellation of a call, or the question whether the thread responds. */
export type ToThread =
  | {
      readonly kind: "call";
      readonly id: number;
      readonly method: ThreadMethod;
      readonly parameters: readonly unknown[];
    }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "ping" };

/**
 * An error in a form that can be sent between threads: a structured clone loses class and fields.
 */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Result of a call. */
export type FromThread =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: SerializedError };
