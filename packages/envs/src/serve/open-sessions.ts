import { checkInteger, checkPositive, InputError } from "@turnwise/core";
import { readMessage } from "../call-within.ts";
import { systemClock } from "./clock.ts";
import { hostEnvironments } from "./host-environments.ts";
import { Metrics } from "./metrics.ts";
import type { ServedEnvironment } from "./served-environment.ts";
import { SessionManager } from "./session-manager.ts";
import type { SessionEvent, SessionLimits } from "./session-records.ts";

/** Something that happened on a server: plain data, for a log. */
export type ServerEvent =
  | SessionEvent
  | {
      /** The tasks could not be opened; the server tries again when a client needs them. */
      readonly event: "environment unavailable";
      readonly environment: string;
      readonly message: string;
    }
  | {
      readonly event: "thread ended";
      readonly environment: string;
      readonly message: string;
      readonly numLost: number;
    };

/** Options of the sessions of a server. */
export interface SessionHostOptions extends SessionLimits {
  /** Number of threads of each environment, `>= 1`. Default 2. */
  readonly numThreads?: number;
  /** Memory limit of the heap of a thread, MiB. Default: Node's own. */
  readonly memoryMegabytes?: number;
  /** Called for each event. Default: no call. */
  readonly onEvent?: (event: ServerEvent) => void;
}

/**
 * Prepares the sessions of a server, and opens the tasks of its environments, so that the first client
 * need not wait.
 * @throws `InputError` for environments that cannot be served together, or if no tasks can be opened.
 */
export async function openSessions(
  environments: readonly ServedEnvironment[],
  {
    numThreads = 2,
    memoryMegabytes,
    onEvent = () => undefined,
    ...limits
  }: SessionHostOptions = {},
): Promise<{ readonly sessions: SessionManager; readonly metrics: Metrics }> {
  checkInteger("serve", { numThreads }, { min: 1 });
  checkPositive("serve", { ...limits });
  const clock = systemClock;
  const metrics = new Metrics();
  const hosted = hostEnvironments(environments, {
    numThreads,
    clock,
    ...(memoryMegabytes !== undefined && { memoryMegabytes }),
    onThreadEnd: (environment, message, numLost) =>
      onEvent({ event: "thread ended", environment, message, numLost }),
  });
  const sessions = new SessionManager(hosted, {
    limits,
    clock,
    onEvent: (event) => {
      metrics.count(event);
      onEvent(event);
    },
  });
  try {
    await openTasks(sessions, onEvent);
  } catch (error) {
    await sessions.shutdown();
    throw error;
  }
  return { sessions, metrics };
}

async function openTasks(
  sessions: SessionManager,
  onEvent: (event: ServerEvent) => void,
): Promise<void> {
  const names = sessions.environments.map(({ name }) => name);
  const opened = await Promise.allSettled(names.map((name) => sessions.listSplits(name)));
  const faults = opened.flatMap((result, i) =>
    result.status === "rejected"
      ? [{ environment: names[i]!, message: readMessage(result.reason) }]
      : [],
  );
  if (faults.length === names.length) {
    throw new InputError(faults.map(({ message }) => message).join("; "));
  }
  for (const fault of faults) onEvent({ event: "environment unavailable", ...fault });
}
