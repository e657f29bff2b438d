export type {
  LocalTasks,
  ServedEnvironment,
  ServedTool,
  SessionSettings,
  ThreadedTasks,
} from "./served-environment.ts";
export { serveLines, type ServeLinesOptions } from "./batch/serve-lines.ts";
export type { ServerEvent, SessionHostOptions } from "./open-sessions.ts";
export {
  serveEnvironments,
  type EnvironmentServer,
  type ServeOptions,
} from "./serve-environments.ts";
export { SessionError, type SessionErrorCode } from "./session-error.ts";
export type { SessionEnd, SessionEvent, SessionLimits } from "./session-records.ts";
