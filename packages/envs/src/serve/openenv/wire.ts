import * as z from "zod";
import { setting } from "../../setting.ts";
import { readMessage } from "../../call-within.ts";
import { SessionError, type SessionErrorCode } from "../session-error.ts";
import type { SessionReply, SessionState } from "../session-records.ts";

/** Observation on the wire; {@link observationSchema} describes every field. */
export interface WireObservation {
  readonly text: string;
  readonly admissible_actions: readonly string[] | null;
  readonly environment: string;
  readonly split: string;
  readonly index: number;
  readonly task_id: string;
  readonly task_kind: string;
  readonly turn: number;
  readonly max_turns: number;
  readonly action: string | null;
  readonly is_valid_action: boolean | null;
  readonly success: boolean;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly failure: { readonly kind: string; readonly message: string } | null;
  readonly score: number | null;
  readonly pending: boolean;
}

/** Schema of an observation. Clients of OpenEnv see no other fields. */
export const observationSchema: z.ZodType<WireObservation> = z.strictObject({
  text: setting(z.string(), "Observation, or prompt if the session plays in prompts"),
  admissible_actions: setting(
    z.array(z.string()).nullable(),
    "Actions that have an effect now; null if the environment does not list them",
  ),
  environment: setting(z.string(), "Name of the environment"),
  split: setting(z.string(), "Split of the task"),
  index: setting(z.int(), "Position of the task in its split, from 0"),
  task_id: setting(z.string(), "Id of the task"),
  task_kind: setting(z.string(), "Kind of the task"),
  turn: setting(z.int(), "Number of turns so far", "turns"),
  max_turns: setting(z.int(), "Maximum number of turns", "turns"),
  action: setting(
    z.string().nullable(),
    "Action that the environment received; null after a reset",
  ),
  is_valid_action: setting(
    z.boolean().nullable(),
    "False for a response without the requested format; null after a reset",
  ),
  success: setting(z.boolean(), "True if the task is solved"),
  terminated: setting(z.boolean(), "True if the environment ended the episode"),
  truncated: setting(z.boolean(), "True if the turn limit ended the episode"),
  failure: setting(
    z.strictObject({ kind: z.string(), message: z.string() }).nullable(),
    "Fault of the environment or its infrastructure that ended the episode; null for none",
  ),
  score: setting(z.number().nullable(), "Score of the benchmark in [0, 1]; null for none"),
  pending: setting(
    z.boolean(),
    "True if the action is still running: the next step returns the result of this action and ignores its own action",
  ),
});

/** State of a session on the wire; {@link stateSchema} describes every field. */
export interface WireState {
  readonly episode_id: string | null;
  readonly step_count: number;
  readonly environment: string;
  readonly session: string;
  readonly return: number;
  readonly done: boolean;
}

/** Schema of the state of a session. */
export const stateSchema: z.ZodType<WireState> = z.strictObject({
  episode_id: setting(z.string().nullable(), "Name of the episode that the reset gave"),
  step_count: setting(z.int(), "Number of turns so far", "turns"),
  environment: setting(z.string(), "Name of the environment"),
  session: setting(z.string(), "Id of the session on the server"),
  return: setting(z.number(), "Sum of the rewards of the episode"),
  done: setting(z.boolean(), "True if the episode has ended"),
});

/** Reply of a session on the wire. */
export interface WireResult {
  readonly observation: WireObservation;
  /** Reward; null after a reset. */
  readonly reward: number | null;
  readonly done: boolean;
}

/** Writes the reply of a session. */
export function toWireResult(reply: SessionReply): WireResult {
  const { outcome, task } = reply;
  return {
    observation: {
      text: reply.text,
      admissible_actions: reply.admissibleActions ?? null,
      environment: reply.environment,
      split: reply.split,
      index: reply.index,
      task_id: task.id,
      task_kind: task.kind,
      turn: reply.numTurns,
      max_turns: reply.maxTurns,
      action: reply.action ?? null,
      is_valid_action: reply.isValidAction ?? null,
      success: outcome?.kind === "terminated" && outcome.isSuccess,
      terminated: outcome?.kind === "terminated",
      truncated: outcome?.kind === "truncated",
      failure: outcome?.kind === "failed" ? outcome.error : null,
      score: reply.score ?? null,
      pending: reply.isPending,
    },
    reward: reply.numTurns === 0 && outcome === undefined ? null : reply.reward,
    done: outcome !== undefined,
  };
}

/** Writes the state of a session. */
export function toWireState(state: SessionState): WireState {
  return {
    episode_id: state.episodeId ?? null,
    step_count: state.numTurns,
    environment: state.environment,
    session: state.session,
    return: state.return,
    done: state.last?.outcome !== undefined,
  };
}

/** OpenEnv's error code of each session error. */
const codes: Readonly<Record<SessionErrorCode, string>> = {
  invalid: "VALIDATION_ERROR",
  capacity: "CAPACITY_REACHED",
  unknown: "SESSION_ERROR",
  "not-started": "EXECUTION_ERROR",
  ended: "EXECUTION_ERROR",
  busy: "EXECUTION_ERROR",
  tasks: "FACTORY_ERROR",
  failed: "EXECUTION_ERROR",
  closed: "SESSION_ERROR",
};

/** Codes after which the server closes the socket. */
const lastCodes: ReadonlySet<string> = new Set([
  "CAPACITY_REACHED",
  "FACTORY_ERROR",
  "SESSION_ERROR",
]);

/** Error message of the WebSocket. */
export interface WireError {
  readonly type: "error";
  readonly data: { readonly message: string; readonly code: string };
}

/** Writes an error of any kind. */
export function toWireError(error: unknown): WireError {
  if (!(error instanceof SessionError))
    return createWireError("EXECUTION_ERROR", readMessage(error));
  return createWireError(codes[error.code], error.message, error.details);
}

/** Creates an error message. @param details - Additional fields of `data`. */
export function createWireError(
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): WireError {
  return { type: "error", data: { ...details, message, code } };
}

/** True if the server closes the socket after the error. */
export function isLastError({ data }: WireError): boolean {
  return lastCodes.has(data.code);
}
