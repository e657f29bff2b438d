import { formatCount } from "@turnwise/core";
import type { Outcome, Trajectory } from "@turnwise/core";

/** Stop reason with its number of episodes and the first of these episodes. */
export interface StopReason {
  /** Reason: `solved`, `unsolved`, `truncated: turns`, `failed: engine`, ... */
  readonly reason: string;
  readonly count: number;
  readonly example: {
    readonly taskId: string;
    /** Index of the episode among the episodes of its task, from 0. */
    readonly trajectoryIndex: number;
    readonly numTurns: number;
    /** Details of the example: which limit it reached, with numbers, or the message of its failure. */
    readonly message?: string;
  };
}

function describeReason(outcome: Outcome): string {
  if (outcome.kind === "terminated") return outcome.isSuccess ? "solved" : "unsolved";
  return outcome.kind === "truncated"
    ? `truncated: ${outcome.limit}`
    : `failed: ${outcome.error.kind}`;
}

function readMessage(outcome: Outcome): string | undefined {
  if (outcome.kind === "terminated") return undefined;
  return outcome.kind === "truncated" ? outcome.message : outcome.error.message;
}

/** Counts stop reasons, the most frequent first; ties in order of appearance. */
export function countStopReasons(trajectories: readonly Trajectory[]): StopReason[] {
  const reasons = new Map<string, StopReason>();
  for (const { outcome, taskId, trajectoryIndex, turns } of trajectories) {
    const reason = describeReason(outcome);
    const known = reasons.get(reason);
    const message = readMessage(outcome);
    const example = known?.example ?? {
      taskId,
      trajectoryIndex,
      numTurns: turns.length,
      ...(message !== undefined && { message }),
    };
    reasons.set(reason, { reason, count: (known?.count ?? 0) + 1, example });
  }
  return [...reasons.values()].toSorted((a, b) => b.count - a.count);
}

/** Maximum length of a message in a line of text, characters. */
const maxMessage = 200;

/** Formats stop reasons as lines of text: count, total, and the first example. */
export function formatStopReasons(reasons: readonly StopReason[]): string[] {
  const total = reasons.reduce((sum, { count }) => sum + count, 0);
  return reasons.map(({ reason, count, example }) => {
    const { taskId, numTurns, message } = example;
    const said = message?.replaceAll(/\s+/gu, " ").slice(0, maxMessage);
    const turns = formatCount(numTurns, "turn");
    return (
      `${reason.padEnd(22)} ${String(count).padStart(4)} of ${total}` +
      `  first: ${taskId}, ${turns}${said === undefined ? "" : `: ${said}`}`
    );
  });
}
