import { readJsonAt } from "./lenient-json.ts";
import { readNamedCall } from "./named-calls.ts";
import { readCalls, type CallsAt, type CallSyntax } from "./read-calls.ts";
import { isRecord } from "../is-record.ts";
import type { ParsedCall, ToolCall } from "./tool-call.ts";
import type { ToolSchema } from "./tool-schemas.ts";
import { parseXmlCall, xmlSyntax } from "./xml-calls.ts";

/** Options of {@link parseJsonCall}. */
export interface JsonCallOptions {
  /**
   * Tools by whose names a JSON object outside a `<tool_call>` tag counts as a call even without
   * `arguments`.
   */
  readonly tools?: readonly ToolSchema[];
}

/**
 * Reads a call in JSON, in linear time: `{"name": ..., "arguments": {...}}` after `<tool_call>`, as
 * Hermes and Qwen write it, or bare or in a fenced block if there is no such tag. Also accepts
 * lists of calls, `parameters` for `arguments`, arguments as a JSON string, the `function` wrapper
 * of the chat-completions API, SWE-agent's `command` wrapper, a name before the arguments (Mistral,
 * Kimi, DeepSeek, GLM, gpt-oss), and Qwen3-Coder's XML.
 */
export function parseJsonCall(response: string, options: JsonCallOptions = {}): ParsedCall {
  const tagged = readCalls(response, taggedSyntax(response));
  // A tag without a following object may be a mention of the tag in prose.
  const isMention = tagged.note === undefined || tagged.note === noCall;
  if (tagged.call !== undefined || !isMention) return tagged;
  const bare = readCalls(response, bareSyntax(response, options));
  if (bare.call !== undefined) return bare;
  // Qwen3-Coder's XML without the tag.
  const xml = parseXmlCall(response, options);
  if (xml.call !== undefined) return xml;
  return [tagged, bare, xml].find(({ note }) => note !== undefined) ?? bare;
}

/** Writes a call in `<tool_call>` tags, for {@link parseJsonCall}. */
export function writeJsonCall(call: ToolCall): string {
  return `<tool_call>\n${JSON.stringify({ name: call.tool, arguments: call.arguments })}\n</tool_call>`;
}

const tagPattern =
  /<\|?tool_calls?\|?>|<function_calls?>|\[TOOL_CALLS\]|<\|(?:tool_call_start|tool_call_begin|python_tag)\|>|<｜tool▁call▁begin｜>|(?<=<\|channel\|>\w{1,20} )to=(?=functions\.)/gu;
const blanksAndFence = /(?:\s|,|```(?:json)?)*/uy;

function taggedSyntax(response: string): CallSyntax {
  const xml = xmlSyntax(response);
  const tag = new RegExp(tagPattern.source, "uy");
  return {
    next: createFinder(response, tagPattern),
    read: (opening): CallsAt => {
      tag.lastIndex = opening;
      const afterTag = opening + tag.exec(response)![0].length;
      const calls: ToolCall[] = [];
      let end = afterTag;
      for (;;) {
        blanksAndFence.lastIndex = end;
        const start = end + blanksAndFence.exec(response)![0].length;
        if (response.startsWith("<function", start)) {
          // Qwen3-Coder writes XML inside the tag.
          return xml.next(start) === start ? xml.read(start) : { end: afterTag, calls };
        }
        if (calls.length === 0) {
          const named = readNamedCall(response, start);
          if (named?.problem !== undefined) {
            return {
              ...named,
              end: Math.max(named.end, afterTag),
              problem: describeProblem(named.problem),
            };
          }
          if (named !== undefined) return named;
        }
        if (response[start] !== "{" && response[start] !== "[") break;
        const read = readJsonAt(response, start);
        if (!read.isDone)
          return { end: Math.max(end, afterTag), calls, problem: describeProblem(read.problem) };
        const found = findCalls(read.value);
        if (found.length === 0) return { end: read.end, calls, problem: noCall };
        calls.push(...found);
        end = read.end;
      }
      if (calls.length > 0) return { end, calls };
      return { end, calls, problem: noCall };
    },
  };
}

const barePattern = /\{\s*["']|\[\s*\{/gu;

function bareSyntax(response: string, { tools = [] }: JsonCallOptions): CallSyntax {
  const next = createFinder(response, barePattern);
  // Unterminated objects may overlap, so limit the total number of characters read.
  let budget = 8 * response.length + 1000;
  return {
    next: (from) => (budget > 0 ? next(from) : -1),
    read: (start): CallsAt => {
      const read = readJsonAt(response, start);
      if (!read.isDone) {
        budget -= read.end - start;
        const isMeant = /["'](?:arguments|parameters)["']/u.test(
          response.slice(start, start + 300),
        );
        return isMeant
          ? { end: read.end, calls: [], problem: describeProblem(read.problem) }
          : { end: start + 1, calls: [] };
      }
      const isMeant = (value: unknown): boolean =>
        isRecord(value) &&
        (argumentKeys.some((key) => key in value) ||
          tools.some((tool) => tool.function.name === value["name"]));
      return { end: read.end, calls: findCalls(read.value, isMeant) };
    },
  };
}

/**
 * Returns a function that finds the next match at or after an offset. Offsets must not decrease
 * from call to call.
 */
function createFinder(response: string, pattern: RegExp): (from: number) => number {
  const own = new RegExp(pattern.source, pattern.flags);
  let found = -2;
  return (from) => {
    if (found === -1 || found >= from) return found;
    own.lastIndex = from;
    found = own.exec(response)?.index ?? -1;
    return found;
  };
}

const nameKeys = ["name", "tool", "tool_name"] as const;
/** Keys next to the arguments, such as an id. */
const aroundCall: ReadonlySet<string> = new Set([...nameKeys, "id", "type", "thought"]);
const argumentKeys = ["arguments", "parameters", "args", "input"] as const;

/** Calls in a JSON value: a call, a list of calls, or either inside the wrapper keys of an API. */
function findCalls(value: unknown, isMeant: (value: unknown) => boolean = () => true): ToolCall[] {
  if (Array.isArray(value)) return value.flatMap((item) => findCalls(item, isMeant));
  if (!isRecord(value)) return [];
  for (const key of ["tool_calls", "tool_call", "function", "action", "command"] as const) {
    const inner = value[key];
    if (Array.isArray(inner) || isRecord(inner)) return findCalls(inner, isMeant);
  }
  const nameKey = nameKeys.find((candidate) => typeof value[candidate] === "string");
  if (nameKey === undefined || !isMeant(value)) return [];
  const name = String(value[nameKey]);
  const key = argumentKeys.find((candidate) => candidate in value);
  // If no key holds the arguments, the arguments are the keys next to the name.
  let given: unknown =
    key === undefined
      ? Object.fromEntries(Object.entries(value).filter(([other]) => !aroundCall.has(other)))
      : (value[key] ?? {});
  if (typeof given === "string" && given.trim() === "") given = {};
  if (typeof given === "string") {
    const read = readJsonAt(given, 0);
    given = read.isDone ? read.value : undefined;
  }
  return isRecord(given) ? [{ tool: name, arguments: given }] : [];
}

const noCall =
  'Your tool call is not an object with "name" and "arguments". Nothing was run. Form: <tool_call>{"name": "tool", "arguments": {"key": "value"}}</tool_call>';

const describeProblem = (problem: string): string =>
  `Your tool call is not valid JSON: ${problem}. Nothing was run. Send the whole call again.`;
