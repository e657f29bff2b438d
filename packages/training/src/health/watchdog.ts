import { formatDuration } from "../report/format-numbers.ts";
import type { ActivityTracker, PendingActivity } from "./activity-tracker.ts";

/** Deadlines of the watchdog. */
export interface WatchdogSettings {
  /** Duration of an environment call after which it is reported, seconds; 0: never. */
  readonly environmentSeconds: number;
  /** Time without any progress after which all pending work is reported, seconds; 0: never. */
  readonly idleSeconds: number;
}

/** Default deadlines of a run. */
export const defaultDeadlines: WatchdogSettings = { environmentSeconds: 120, idleSeconds: 300 };

/** Source of time. */
export interface Clock {
  /** Time, milliseconds; only differences count. */
  readonly now: () => number;
  /** Calls a function repeatedly. @returns A function that stops the calls. */
  readonly every: (milliseconds: number, call: () => void) => () => void;
}

/** Clock of the process; its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  every: (milliseconds, call) => {
    const timer = setInterval(call, milliseconds);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** Milliseconds between two checks. */
const intervalMilliseconds = 1000;
/** Maximum number of activities of a kind that a report names. */
const numNamed = 3;

/**
 * Reports work that is pending for too long: environment calls; and all pending work if nothing
 * makes progress. Each report is one line, and an activity is reported at most once per deadline.
 * The watchdog never ends or delays the run.
 * @returns A function that stops the watchdog.
 */
export function startWatchdog(
  tracker: ActivityTracker,
  { environmentSeconds, idleSeconds }: WatchdogSettings,
  warn: (text: string) => void,
  clock: Clock = systemClock,
): () => void {
  let callsReportedAt = -Infinity;
  let idleReportedAt = -Infinity;
  const isDue = (since: number, seconds: number): boolean =>
    seconds > 0 && clock.now() - since >= 1000 * seconds;
  return clock.every(intervalMilliseconds, () => {
    const now = clock.now();
    const pending = tracker.listPending();
    if (pending.length === 0) return;
    if (isDue(Math.max(tracker.getProgressTime(), idleReportedAt), idleSeconds)) {
      [idleReportedAt, callsReportedAt] = [now, now];
      warn(
        `watchdog: no progress for ${formatSince(tracker.getProgressTime(), now)}; pending: ${describeKinds(pending, now)}`,
      );
      return;
    }
    if (!isDue(callsReportedAt, environmentSeconds)) return;
    const overdue = pending.filter(
      ({ activity, startedAt }) =>
        activity.kind === "environment" && isDue(startedAt, environmentSeconds),
    );
    if (overdue.length === 0) return;
    callsReportedAt = now;
    warn(
      `watchdog: environment calls pending for more than ${formatDuration(environmentSeconds)}: ${describeList(overdue, now)}`,
    );
  });
}

const formatSince = (startedAt: number, now: number): string =>
  formatDuration((now - startedAt) / 1000);

/**
 * Describes pending work by kind. An episode is listed only if it does not wait for an environment
 * call or a response.
 */
function describeKinds(pending: readonly PendingActivity[], now: number): string {
  const listOf = (kind: string): PendingActivity[] =>
    pending.filter(({ activity }) => activity.kind === kind);
  const [phases, calls, responses] = [listOf("phase"), listOf("environment"), listOf("response")];
  const isWaiting = calls.length + responses.length > 0;
  return [
    ["phase", phases],
    ["environment calls", calls],
    ["responses", responses],
    ["episodes", isWaiting ? [] : listOf("episode")],
  ]
    .filter(([, list]) => list!.length > 0)
    .map(([name, list]) => `${name as string}: ${describeList(list as PendingActivity[], now)}`)
    .join("; ");
}

/**
 * Formats activities: `iteration-3/group-2/1 turn 4 (step of task t, container 3f2a) for 2:10, ...
 * and 5 more`.
 */
function describeList(list: readonly PendingActivity[], now: number): string {
  const named = [...list]
    .sort((a, b) => a.startedAt - b.startedAt)
    .slice(0, numNamed)
    .map((entry) => `${describe(entry)} for ${formatSince(entry.startedAt, now)}`);
  const numOthers = list.length - named.length;
  return named.join(", ") + (numOthers > 0 ? ` and ${numOthers} more` : "");
}

function describe({ activity }: PendingActivity): string {
  if (activity.kind === "phase") return `${activity.name} of iteration ${activity.iteration}`;
  const { groupId, trajectoryIndex, turnIndex, name, taskId } = activity;
  const resource = activity.describeResource?.();
  const detail = [`${name} of task ${taskId}`, ...(resource === undefined ? [] : [resource])];
  return `${groupId}/${trajectoryIndex} turn ${turnIndex} (${detail.join(", ")})`;
}
