import type * as api from "@opentelemetry/api";
import type { Context, Span, Tracer } from "@opentelemetry/api";
import { sum, type Trajectory } from "@turnwise/core";
import type { Activity, ObserveActivity } from "../health/activity-tracker.ts";
import { nameOutcome } from "../records/summarize-trajectory.ts";

/** Parts of `@opentelemetry/api` that tracing uses; the package is optional. */
export type TraceApi = Pick<typeof api, "ROOT_CONTEXT" | "SpanStatusCode" | "trace">;

/** Traces of a run. */
export interface RunTracer {
  readonly observe: ObserveActivity;
  /** Ends the spans of iterations and evaluations that are open. */
  endAll(): void;
}

/** Span of an iteration or evaluation: the root of a trace. */
interface Root {
  readonly span: Span;
  numOpen: number;
}

/**
 * Traces a run: a trace for each iteration and evaluation, in it a span for each phase and episode, and in
 * the episode's one for each response and environment call.
 * @param detail - `episodes` leaves out responses and environment calls.
 */
export function traceRun(
  tracer: Tracer,
  { ROOT_CONTEXT, SpanStatusCode, trace }: TraceApi,
  detail: "episodes" | "calls",
): RunTracer {
  const roots = new Map<string, Root>();
  /** Spans that others begin in: `collect` of a root, and episodes. */
  const parents = new Map<string, Span>();
  const within = (span: Span): Context => trace.setSpan(ROOT_CONTEXT, span);

  const openRoot = (name: string): Root => {
    const known = roots.get(name);
    if (known !== undefined) return known;
    // Only a later stage can begin another root: those without open spans are complete.
    for (const [other, { span, numOpen }] of roots) {
      if (numOpen > 0) continue;
      span.end();
      roots.delete(other);
    }
    const root = { span: tracer.startSpan(name, {}, ROOT_CONTEXT), numOpen: 0 };
    roots.set(name, root);
    return root;
  };
  const observe: ObserveActivity = (activity) => {
    const isCall = activity.kind === "environment" || activity.kind === "response";
    if (isCall && detail === "episodes") return () => undefined;
    const rootName = nameRoot(activity);
    const root = openRoot(rootName);
    root.numOpen += 1;
    const key = nameParent(activity, rootName);
    const outer = isCall ? parents.get(key) : parents.get(`${rootName} collect`);
    const span = tracer.startSpan(
      activity.kind === "environment" ? `environment ${activity.name}` : activity.name,
      { attributes: listAttributes(activity) },
      within((activity.kind === "phase" ? undefined : outer) ?? root.span),
    );
    if (!isCall) parents.set(key, span);
    return (trajectory) => {
      if (trajectory !== undefined) {
        span.setAttributes(describeTrajectory(trajectory));
        const { outcome } = trajectory;
        if (outcome.kind === "failed") {
          span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.error.message });
        }
      }
      span.end();
      root.numOpen -= 1;
      if (!isCall) parents.delete(key);
    };
  };
  return {
    observe,
    endAll: () => {
      for (const { span } of roots.values()) span.end();
      roots.clear();
    },
  };
}

/** `iteration 3` of its phases and of `iteration-3/group-2`; `evaluation/held_out/greedy` of its groups. */
function nameRoot(activity: Activity): string {
  if (activity.kind === "phase") return `iteration ${activity.iteration}`;
  const { groupId } = activity;
  const iteration = /^iteration-(\d+)\//u.exec(groupId)?.[1];
  return iteration === undefined
    ? groupId.slice(0, Math.max(0, groupId.lastIndexOf("/"))) || groupId
    : `iteration ${iteration}`;
}

/** Key of the span that an activity opens for others, or that it begins in. */
function nameParent(activity: Activity, rootName: string): string {
  if (activity.kind === "phase") return `${rootName} ${activity.name}`;
  return `${activity.groupId}/${activity.trajectoryIndex}`;
}

function listAttributes(activity: Activity): Record<string, string | number> {
  if (activity.kind === "phase") return { "turnwise.iteration": activity.iteration };
  const { taskId, groupId, trajectoryIndex, turnIndex, kind } = activity;
  return {
    "turnwise.task": taskId,
    "turnwise.group": groupId,
    "turnwise.trajectory": trajectoryIndex,
    ...(kind !== "episode" && { "turnwise.turn": turnIndex }),
  };
}

function describeTrajectory({ turns, outcome }: Trajectory): Record<string, string | number> {
  return {
    "turnwise.outcome": nameOutcome(outcome),
    "turnwise.return": sum(turns.map(({ reward }) => reward)),
    "turnwise.turns": turns.length,
    "turnwise.response_tokens": sum(turns.map(({ responseTokens }) => responseTokens.length)),
  };
}
