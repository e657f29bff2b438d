import { endOfOpenHeredocs } from "./heredocs.ts";
import { readCalls, type CallsAt, type CallSyntax } from "./read-calls.ts";
import { submitMark } from "./bash-only.ts";
import type { ParsedCall, ToolCall } from "./tool-call.ts";

/**
 * Languages that mark a fenced block as a command. `mswea_bash_command` is mini-swe-agent's own.
 */
const languages = new Set(["bash", "sh", "shell", "mswea_bash_command"]);

/**
 * Reads the command from the first fenced bash block, as mini-swe-agent does, in linear time.
 * Fenced blocks inside the command (for example in a heredoc that writes Markdown) belong to it. A
 * block without a closing fence is not run: its command may be cut off.
 */
export function parseBashBlock(response: string): ParsedCall {
  return readCalls(response, bashSyntax(response));
}

/** Writes a command as a fenced block. A call of any tool but bash becomes the submit command. */
export function writeBashBlock(call: ToolCall): string {
  const { cmd } = call.arguments;
  const command = typeof cmd === "string" ? cmd : `echo ${submitMark}`;
  const longest = Math.max(2, ...Array.from(command.matchAll(/`+/gu), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}bash\n${command}\n${fence}`;
}

/** Three or more backticks in a row. */
interface Fence {
  readonly start: number;
  /**
   * Offset after the backticks and, if the rest of the line is only a language, after the language.
   */
  readonly end: number;
  readonly length: number;
  /** Language after the backticks, `""` for none. */
  readonly language: string;
  readonly isFirstOnLine: boolean;
}

const fencePattern = /(?<!`)(`{3,})(?!`)(?:[ \t]{0,8}([\w.+#-]{0,40})[ \t\r]{0,8}(?:\n|$))?/gu;
/** Maximum number of fences tried as the end of a block that has no closing fence. */
const maxFences = 100;

function readFences(response: string): Fence[] {
  return Array.from(response.matchAll(fencePattern), (match) => {
    const before = response.slice(Math.max(0, match.index - 80), match.index);
    return {
      start: match.index,
      end: match.index + match[0].length,
      length: match[1]!.length,
      language: match[2] ?? "",
      isFirstOnLine: /(?:^|\n)[ \t]*$/u.test(before),
    };
  });
}

function bashSyntax(response: string): CallSyntax {
  const fences = readFences(response);
  const closedBy = matchFences(fences);
  const openings = fences.flatMap(({ language, end }, i) =>
    languages.has(language) && response[end - 1] === "\n" ? [i] : [],
  );
  let next = 0;
  // Unterminated heredocs may overlap, so limit the number of blocks that are searched for
  // heredocs.
  let numSearched = 0;
  const findClosing = (i: number): Fence | undefined => {
    const { end, length } = fences[i]!;
    const later = fences.slice(i + 1, i + 1 + maxFences).filter((fence) => fence.length >= length);
    const matched = closedBy[i]!;
    const first = matched === -1 ? later[0] : fences[matched];
    if (first === undefined || numSearched >= maxFences) return first;
    numSearched += 1;
    // A fence inside a heredoc is part of its text.
    const heredocEnd = endOfOpenHeredocs(response, end, first.start);
    if (heredocEnd === undefined) return first;
    return later.find(({ start }) => start >= heredocEnd) ?? first;
  };
  return {
    next: (from) => {
      while (next < openings.length && fences[openings[next]!]!.start < from) next += 1;
      const opening = openings[next];
      return opening === undefined ? -1 : fences[opening]!.start;
    },
    read: (at): CallsAt => {
      const i = openings[next]!;
      const opening = fences[i]!;
      const close = findClosing(i);
      if (close === undefined || opening.start !== at) {
        return {
          end: opening.end,
          calls: [],
          problem:
            "Your ```bash block is not closed with ```, so its command may be cut off. Nothing was run. Send the whole block again.",
        };
      }
      const cmd = response
        .slice(opening.end, close.start)
        .replaceAll("\r\n", "\n")
        .replace(/\n[ \t]{0,80}$/u, "");
      // Read a fence again if it also opens a new block.
      const end = close.language === "" ? close.end : close.start;
      return { end, calls: [{ tool: "execute_bash", arguments: { cmd } }] };
    },
  };
}

/** Index of the closing fence for each opening fence, including nested ones; -1 for none. */
function matchFences(fences: readonly Fence[]): number[] {
  const closedBy = fences.map(() => -1);
  const open: number[] = [];
  for (const [i, { language, length, isFirstOnLine }] of fences.entries()) {
    if (language !== "") {
      if (isFirstOnLine || languages.has(language)) open.push(i);
    } else if (isFirstOnLine) {
      const last = open.at(-1);
      if (last !== undefined && length >= fences[last]!.length) closedBy[open.pop()!] = i;
    }
  }
  return closedBy;
}
