import type * as api from "@opentelemetry/api";
import type { Context, Span, Tracer } from "@opentelemetry/api";
import { sum, type Trajectory } from "@turnwise/core";
import type { Activity, ObserveActivity } from "../health/activity-tracker.ts";
import { nameOutcome } from "../records/summarize-trajectory.ts";

/** Parts of `@opentelemetry/api` that are used here; the package is optional. */
export type TraceApi = Pick<typeof api, "ROOT_CONTEXT" | "SpanStatusCode" | "trace">;

/** Tracer of one run. */
export interface RunTracer {
  readonly observe: ObserveActivity;
  /** Ends all open spans of iterations and evaluations. */
  endAll(): void;
}

/** Span of an iteration or evaluation: the root of a trace. */
interface Root {
  readonly span: Span;
  numOpen: number;
}

/**
 * Traces a run: one trace for each iteration and evaluation. A trace has a span for each phase and
 * each episode; an episode's span has a child span for each response and environment call.
 * @param detail - With `episodes`, responses and environment calls get no spans.
 */
export function traceRun(
  tracer: Tracer,
  { ROOT_CONTEXT, SpanStatusCode, trace }: TraceApi,
  detail: "episodes" | "calls",
): RunTracer {
  const roots = new Map<string, Root>();
  /** Spans that can have child spans: the `collect` span of a root, and episodes. */
  const parents = new Map<string, Span>();
  const within = (span: Span): Context => trace.setSpan(ROOT_CONTEXT, span);

  const openRoot = (name: string): Root => {
    const known = roots.get(name);
    if (known !== undefined) return known;
    // A new root means that a later stage has begun, so all roots without open spans are complete.
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

/**
 * Name of an activity's root: `iteration 3` for its phases and for group `iteration-3/group-2`;
 * `evaluation/held_out/greedy` for its groups.
 */
function nameRoot(activity: Activity): string {
  if (activity.kind === "phase") return `iteration ${activity.iteration}`;
  const { groupId } = activity;
  const iteration = /^iteration-(\d+)\//u.exec(groupId)?.[1];
  return iteration === undefined
    ? groupId.slice(0, Math.max(0, groupId.lastIndexOf("/"))) || groupId
    : `iteration ${iteration}`;
}

/** Key of the span that an activity opens for its children, or of its parent span. */
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
