import type { EpisodeReply } from "./episode-host.ts";

/** Limits of sessions. */
export interface SessionLimits {
  /** Maximum number of sessions. Default 256. */
  readonly capacity?: number;
  /** Maximum idle time of a session, after which it is closed, seconds. Default 3600. */
  readonly idleSeconds?: number;
  /** Maximum age of a session, after which it is closed, seconds. Default 86,400. */
  readonly lifetimeSeconds?: number;
  /**
   * Maximum time of a call, seconds. A longer call is answered with the last observation, marked as
   * pending. Default 50: Python clients time out after 60, and would take the late answer for the
   * answer to their next call.
   */
  readonly replySeconds?: number;
}

/** Reason why a session ended. */
export type SessionEnd = "client" | "idle" | "lifetime" | "shutdown" | "disconnected";

/** Something that happened to a session, for logs and metrics: plain data. */
export type SessionEvent =
  | { readonly event: "session opened"; readonly session: string; readonly environment: string }
  | {
      readonly event: "session closed";
      readonly session: string;
      readonly environment: string;
      readonly reason: SessionEnd;
    }
  | {
      readonly event: "episode started";
      readonly session: string;
      readonly environment: string;
      readonly split: string;
      readonly task: string;
      readonly seconds: number;
    }
  | {
      readonly event: "turn";
      readonly session: string;
      readonly environment: string;
      readonly seconds: number;
    }
  | {
      readonly event: "episode ended";
      readonly session: string;
      readonly environment: string;
      readonly task: string;
      readonly outcome: "terminated" | "truncated" | "failed";
      readonly isSuccess: boolean;
      readonly numTurns: number;
      readonly message?: string;
    }
  | {
      readonly event: "call refused";
      readonly session: string;
      readonly environment: string;
      readonly code: string;
      readonly message: string;
    };

/** Reply of a session to a reset or a step. */
export interface SessionReply extends EpisodeReply {
  readonly session: string;
  readonly environment: string;
  readonly split: string;
  /** Position of the task in its split. */
  readonly index: number;
  readonly maxTurns: number;
  /**
   * True if the call is still running; the observation is then the previous one. The next step
   * waits for the result of this call; the next step's own command is not performed.
   */
  readonly isPending: boolean;
}

/** State of a session: plain data. */
export interface SessionState {
  readonly session: string;
  readonly environment: string;
  readonly episodeId?: string;
  readonly numTurns: number;
  /** Sum of the rewards of the episode. */
  readonly return: number;
  readonly last?: SessionReply;
}
