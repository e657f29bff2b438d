import { readJsonAt } from "./lenient-json.ts";
import type { CallsAt } from "./read-calls.ts";
import { isRecord } from "../is-record.ts";

/**
 * Tool name before its arguments: `name{`, `name[ARGS]{` (Mistral), `functions.name:0` and
 * `<|tool_call_argument_begin|>` (Kimi), `name` and `<|message|>` (gpt-oss), `function`,
 * `<｜tool▁sep｜>`, `name` and a fence (DeepSeek).
 */
const namePattern = new RegExp(
  String.raw`\s{0,80}(?:function<｜tool▁sep｜>)?(?:functions\.)?([a-z_][\w-]{0,63})(?::\d{1,6})?\s{0,80}` +
    String.raw`(?:\[CALL_ID\]\w{1,40})?(?:\[ARGS\]|<\|tool_call_argument_begin\|>|<｜tool▁sep｜>|` +
    String.raw`(?:<\|constrain\|>)?\s{0,8}(?:json)?<\|message\|>)?\s{0,80}(?:${"```"}(?:json)?)?\s{0,80}(?=\{)`,
  "iuy",
);
/** Tool name followed by argument tags, as GLM writes it. */
const tagsPattern = /\s{0,80}([a-z_][\w-]{0,63})\s{0,80}(?=<arg_key>)/iuy;
const keyPattern = /\s{0,80}<arg_key>([^<>]{1,100})<\/arg_key>\s{0,80}<arg_value>/uy;
const valueEnd = "</arg_value>";

/** Reads a call whose name precedes its arguments; `undefined` for none. */
export function readNamedCall(response: string, start: number): CallsAt | undefined {
  const name = matchAt(namePattern, response, start);
  if (name !== undefined) {
    const json = readJsonAt(response, start + name[0].length);
    if (!json.isDone) return { end: json.end, calls: [], problem: json.problem };
    if (!isRecord(json.value)) return undefined;
    return { end: json.end, calls: [{ tool: name[1]!, arguments: json.value }] };
  }
  const tagged = matchAt(tagsPattern, response, start);
  if (tagged === undefined) return undefined;
  const entries: [string, string][] = [];
  let end = start + tagged[0].length;
  for (;;) {
    const key = matchAt(keyPattern, response, end);
    if (key === undefined) break;
    const from = end + key[0].length;
    const to = response.indexOf(valueEnd, from);
    if (to === -1) return { end: from, calls: [], problem: `${key[1]!} has no ${valueEnd}` };
    entries.push([key[1]!.trim(), response.slice(from, to)]);
    end = to + valueEnd.length;
  }
  return { end, calls: [{ tool: tagged[1]!, arguments: Object.fromEntries(entries) }] };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
