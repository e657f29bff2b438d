/**
 * Reasons why a session refuses a call:
 *
 * - `invalid`: an option or an argument breaks its rule.
 * - `capacity`: the server has reached its maximum number of sessions.
 * - `unknown`: there is no such session or environment.
 * - `not-started`: a step without a reset.
 * - `ended`: a step after the end of the episode.
 * - `busy`: another call of the session is running.
 * - `tasks`: the tasks cannot be opened.
 * - `failed`: the environment cannot start the episode.
 * - `closed`: the session was closed while the call ran, or before.
 */
export type SessionErrorCode =
  | "invalid"
  | "capacity"
  | "unknown"
  | "not-started"
  | "ended"
  | "busy"
  | "tasks"
  | "failed"
  | "closed";

/** Error for a rejected call. Each protocol reports it in its own format. */
export class SessionError extends Error {
  override readonly name: string = "SessionError";
  readonly code: SessionErrorCode;
  /** Numbers and names that a program can read, as plain data. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: SessionErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
