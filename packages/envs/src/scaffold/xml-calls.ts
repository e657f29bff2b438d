import { readJsonAt } from "./lenient-json.ts";
import { readCalls, type CallsAt, type CallSyntax } from "./read-calls.ts";
import { isRecord } from "../is-record.ts";
import type { ParsedCall, ToolCall } from "./tool-call.ts";
import type { ToolSchema } from "./tool-schemas.ts";

/** Options of {@link parseXmlCall}. */
export interface XmlCallOptions {
  /**
   * Keeps values unchanged. Default false: values are trimmed, as in R2E-Gym, which removes blank
   * lines at both ends of code.
   */
  readonly exactValues?: boolean;
  /** Tools whose parameter names distinguish a missing `</parameter>` from text of a value. */
  readonly tools?: readonly ToolSchema[];
}

/**
 * Reads a call in the format of R2E-Gym, SWE-agent and Qwen3-Coder,
 * `<function=name><parameter=key>value</parameter></function>`, in linear time.
 *
 * Also reads `<invoke name="name"><parameter name="key">`, and arguments in JSON between function
 * tags, as Llama writes them. Tags inside a value belong to the value. `</function>` may be missing
 * after the last `</parameter>`, and `</parameter>` may be missing before the next parameter or
 * before `</function>`. A call that is cut off inside a value is incomplete.
 */
export function parseXmlCall(response: string, options: XmlCallOptions = {}): ParsedCall {
  return readCalls(response, xmlSyntax(response, options));
}

/** Writes a call for {@link parseXmlCall}. */
export function writeXmlCall(call: ToolCall): string {
  const parameters = Object.entries(call.arguments).map(
    ([key, value]) =>
      `<parameter=${key}>${typeof value === "string" ? value : JSON.stringify(value)}</parameter>`,
  );
  return `<function=${call.tool}>\n${parameters.join("\n")}\n</function>`;
}

/** A tag that opens or closes a part of a call, or closes an element around the call. */
interface Tag {
  readonly start: number;
  readonly end: number;
  readonly kind: "function" | "functionEnd" | "parameter" | "parameterEnd" | "outer";
  readonly name: string;
}

/** `=name` as in R2E-Gym, or `name="name"` as in XML. */
const nameAfter = String.raw`(?:\s{0,8}=|\s{1,8}name\s{0,8}=)\s{0,8}([^<>\n]{1,100})\s{0,8}>`;
/** Special tokens at the end of a response that a sampler may leave in its text. */
const endToken = String.raw`<\|(?:im_end|eot_id|eom_id|end|endoftext|call)\|>|<\/s>|<｜end▁of▁sentence｜>`;

const tagPattern = new RegExp(
  String.raw`<(?:function|invoke)${nameAfter}|<parameter${nameAfter}|` +
    String.raw`<\/(?:(function|invoke)|(parameter)|tool_call|function_calls|think|thinking|thoughts?|reasoning)\s{0,8}>|` +
    endToken,
  "giu",
);

function readTags(response: string): Tag[] {
  return Array.from(response.matchAll(tagPattern), (match) => {
    const [text, tool, key, functionEnd, parameterEnd] = match;
    const kind =
      tool !== undefined
        ? "function"
        : key !== undefined
          ? "parameter"
          : functionEnd !== undefined
            ? "functionEnd"
            : parameterEnd !== undefined
              ? "parameterEnd"
              : "outer";
    const name = (tool ?? key ?? "").trim().replaceAll(/^["']|["']$/gu, "");
    return { start: match.index, end: match.index + text.length, kind, name };
  });
}

/** Syntax of the XML calls of one response. */
export function xmlSyntax(
  response: string,
  { exactValues = false, tools = [] }: XmlCallOptions = {},
): CallSyntax {
  const tags = readTags(response);
  const closedBy = matchParameters(tags);
  const knownKeys = new Set(
    tools.flatMap((tool) => Object.keys(tool.function.parameters.properties)),
  );
  const indexAt = new Map(tags.map(({ start }, i) => [start, i]));
  const isBlank = (start: number, end: number): boolean => response.slice(start, end).trim() === "";
  // Incomplete calls may overlap, so limit the total number of tags visited.
  let budget = 8 * tags.length + 100;
  let numVisited = 0;

  /**
   * True if only white space separates a tag from the next tag, or from the end of the response.
   */
  const isFollowedBy = (i: number, kinds: readonly Tag["kind"][]): boolean => {
    const next = tags[i + 1];
    if (next === undefined) return isBlank(tags[i]!.end, response.length);
    return kinds.includes(next.kind) && isBlank(tags[i]!.end, next.start);
  };
  const endsParameter = (i: number): boolean =>
    tags[i]!.kind === "parameterEnd" &&
    isFollowedBy(i, ["parameter", "function", "functionEnd", "outer"]);
  const endsCall = (i: number): boolean =>
    tags[i]!.kind === "functionEnd" && isFollowedBy(i, ["function", "outer"]);
  const beginsParameter = (i: number): boolean => {
    const { kind, name, start } = tags[i]!;
    if (kind !== "parameter" || !knownKeys.has(name)) return false;
    return /(?:^|\n)[ \t]*$/u.test(response.slice(Math.max(0, start - 80), start));
  };

  /** Index of the tag that ends the value of the parameter at `i`; -1 if the value is cut off. */
  const valueEnd = (i: number): number => {
    const closing = closedBy[i]!;
    if (closing !== -1) {
      if (endsParameter(closing)) return closing;
      // The value continues unless another parameter starts.
      for (let k = closing + 1; k < tags.length && tags[k]!.kind !== "parameter"; k++) {
        numVisited += 1;
        if (endsParameter(k)) return k;
      }
      return closing;
    }
    for (let k = i + 1; k < tags.length; k++) {
      numVisited += 1;
      if (endsParameter(k) || endsCall(k) || beginsParameter(k)) return k;
      if (tags[k]!.kind === "outer") return -1;
    }
    return -1;
  };

  /** Reads JSON arguments between function tags, as Llama writes them. */
  const readJsonBody = ({ name, end }: Tag, body: number): CallsAt => {
    const json = readJsonAt(response, body);
    budget -= (json.end - body) / 10;
    if (!json.isDone || !isRecord(json.value)) {
      const problem = json.isDone ? "they must be an object" : json.problem;
      return {
        end,
        calls: [],
        problem: `The arguments of your call of ${shorten(name)} are not valid JSON: ${problem}. Nothing was run. Send the whole call again.`,
      };
    }
    return { end: json.end, calls: [{ tool: name, arguments: json.value }] };
  };

  const read = (at: number): CallsAt => {
    let i = indexAt.get(at)!;
    const opening = tags[i]!;
    const { name } = opening;
    const entries: (readonly [string, string])[] = [];
    const rejectIncomplete = (what: string): CallsAt => {
      budget -= numVisited;
      return {
        end: opening.end,
        calls: [],
        problem: `Your call of ${shorten(name)} is cut off: ${what}. Nothing was run. Send the whole call again.`,
      };
    };
    numVisited = 0;
    const body =
      opening.end + /^\s{0,80}/u.exec(response.slice(opening.end, opening.end + 80))![0].length;
    if (response[body] === "{") return readJsonBody(opening, body);
    let end = opening.end;
    i += 1;
    for (; i < tags.length; i++) {
      const tag = tags[i]!;
      numVisited += 1;
      if (tag.kind === "functionEnd") {
        return { end: tag.end, calls: [{ tool: name, arguments: Object.fromEntries(entries) }] };
      }
      if (tag.kind === "function" || tag.kind === "outer") break;
      if (tag.kind === "parameterEnd") continue;
      const last = valueEnd(i);
      if (last === -1)
        return rejectIncomplete(`<parameter=${shorten(tag.name)}> has no </parameter>`);
      const value = response.slice(tag.end, tags[last]!.start);
      entries.push([tag.name, exactValues ? value : value.trim()]);
      const isClosed = tags[last]!.kind === "parameterEnd";
      end = isClosed ? tags[last]!.end : tags[last]!.start;
      i = isClosed ? last : last - 1;
    }
    // Without </function>, the call is accepted if no other part of a call follows. Samplers that stop
    // at the tag may leave part of the tag.
    const isKnown = tools.some(
      (tool) => tool.function.name === name && tool.function.parameters.required.length === 0,
    );
    const rest = response.slice(end, tags[i]?.start).trim();
    const isPartOfEnd = "</function>".startsWith(rest);
    const isWhole =
      entries.length > 0 ? !rest.startsWith("<") || isPartOfEnd : isKnown && isPartOfEnd;
    if (!isWhole) return rejectIncomplete("it has no </function>");
    return { end, calls: [{ tool: name, arguments: Object.fromEntries(entries) }] };
  };

  const openings = tags.filter(({ kind }) => kind === "function").map(({ start }) => start);
  let next = 0;
  return {
    next: (from) => {
      while (next < openings.length && openings[next]! < from) next += 1;
      return budget > 0 ? (openings[next] ?? -1) : -1;
    },
    read,
  };
}

/** Index of the closing tag of each parameter, including nested ones; -1 for none. */
function matchParameters(tags: readonly Tag[]): number[] {
  const closedBy = tags.map(() => -1);
  const open: number[] = [];
  for (const [i, { kind }] of tags.entries()) {
    if (kind === "parameter") open.push(i);
    else if (kind === "parameterEnd") {
      const opening = open.pop();
      if (opening !== undefined) closedBy[opening] = i;
    }
  }
  return closedBy;
}

/** Shortens a name for a message. */
const shorten = (name: string): string => (name.length <= 60 ? name : `${name.slice(0, 60)}...`);
