import type { EpisodeHost } from "./episode-host.ts";

/** Data that a thread of episodes is started with. */
export interface ThreadSetup {
  readonly module: string;
  readonly exported: string;
}

/** Methods that can be called in a thread. */
export type ThreadMethod = Exclude<keyof EpisodeHost<unknown>, "numEpisodes">;

/** A call, the wish that a call ends early, or the question whether the thread still answers. */
export type ToThread =
  | {
      readonly kind: "call";
      readonly id: number;
      readonly method: ThreadMethod;
      readonly parameters: readonly unknown[];
    }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "ping" };

/** An error in a form that crosses threads: a structured clone loses class and fields. */
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
