import { findReasoningMarks } from "./reasoning.ts";
import type { ParsedCall, ToolCall } from "./tool-call.ts";

/** Calls read at one offset of a response. */
export interface CallsAt {
  /** Offset at which to continue the search; after the opening. */
  readonly end: number;
  /** Complete calls, in order. */
  readonly calls: readonly ToolCall[];
  /** Reason why the text at this opening is not a call. */
  readonly problem?: string;
}

/** Syntax of calls in a response. */
export interface CallSyntax {
  /** Offset of the first opening at or after `from`, -1 for none. `from` never decreases. */
  next(from: number): number;
  /** Reads the calls whose opening is at offset `at`. */
  read(at: number): CallsAt;
}

interface Found {
  readonly start: number;
  readonly call: ToolCall;
}

const unfinishedReasoning =
  "Your response ended inside its reasoning, so it made no tool call and nothing was run. Close the reasoning, then make the call.";

/**
 * Reads the first complete call of a response, ignoring its reasoning.
 *
 * Reasoning is any text between an opening and a closing mark, any text before a closing mark that
 * has no opening one (chat templates put the opening mark into the prompt), and any text after an
 * opening mark that is never closed. Marks inside the values of a complete call belong to the
 * value.
 */
export function readCalls(response: string, syntax: CallSyntax): ParsedCall {
  const marks = findReasoningMarks(response);
  let found: Found[] = [];
  let problem: string | undefined;
  let mark = 0;
  let opening = syntax.next(0);
  let at = 0;
  for (;;) {
    while (mark < marks.length && marks[mark]!.start < at) mark += 1;
    if (opening !== -1 && opening < at) opening = syntax.next(at);
    const reasoning = marks[mark];
    if (reasoning !== undefined && (opening === -1 || reasoning.start <= opening)) {
      if (reasoning.kind === "close") {
        found = [];
        problem = undefined;
        at = reasoning.end;
      } else if (reasoning.closedAt === undefined) {
        problem ??= unfinishedReasoning;
        break;
      } else at = reasoning.closedAt;
      continue;
    }
    if (opening === -1) break;
    const read = syntax.read(opening);
    for (const call of read.calls) found.push({ start: opening, call });
    if (read.problem !== undefined) {
      problem ??= read.problem;
    }
    at = Math.max(read.end, opening + 1);
  }
  const [first] = found;
  if (first === undefined) {
    return { thought: response.trim(), ...(problem !== undefined && { note: problem }) };
  }
  const note = found.length > 1 ? severalCalls(found.length) : undefined;
  return {
    thought: stripOpening(response.slice(0, first.start)),
    call: first.call,
    ...(note !== undefined && { note }),
  };
}

const severalCalls = (count: number): string =>
  `Your response made ${count} tool calls. Only the first one was run. Make exactly one call per response.`;

/** Removes the tag or fence that opens the call after a thought. */
function stripOpening(text: string): string {
  const trimmed = text.trim();
  const opening = /(?:<tool_call>|```[a-z]{0,10})$/u.exec(trimmed.slice(-20));
  return opening === null ? trimmed : trimmed.slice(0, -opening[0].length).trim();
}
