/** A call of a tool, as an agent wrote it. */
export interface ToolCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What a response holds: the text before the call, and the call, if there is one. */
export interface ParsedCall {
  readonly thought: string;
  readonly call?: ToolCall;
}

/** A call as the text that the environment takes as an action. */
export function encodeToolCall(call: ToolCall): string {
  return JSON.stringify({ tool: call.tool, arguments: call.arguments });
}

/** Reads {@link encodeToolCall}'s text; `undefined` for anything else. */
export function decodeToolCall(action: string): ToolCall | undefined {
  let value: unknown;
  try {
    value = JSON.parse(action);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("tool" in value) || typeof value.tool !== "string") return undefined;
  if (!("arguments" in value) || !isArguments(value.arguments)) return undefined;
  return { tool: value.tool, arguments: value.arguments };
}

function isArguments(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads a call in R2E-Gym's form, `<function=name><parameter=key>value</parameter></function>`. The
 * first one counts; what stands before it is the thought.
 * @param exactValues - Keep values as they are written. Default false: values are stripped, as
 *   R2E-Gym does, which takes blank lines off the ends of code.
 */
export function parseXmlCall(
  response: string,
  { exactValues = false }: { readonly exactValues?: boolean } = {},
): ParsedCall {
  const start = response.indexOf("<function=");
  const close = "</function>";
  const end = start === -1 ? -1 : response.indexOf(close, start);
  if (end === -1) return { thought: response.trim() };
  const block = response.slice(start, end + close.length);
  const thought = response.slice(0, start).trim();
  const name = /<function\s*=\s*([^>]+)>/u.exec(block)?.[1]?.trim();
  if (name === undefined || name === "") return { thought };
  const entries: (readonly [string, string])[] = [];
  const opening = /<parameter\s*=\s*([^>]+)>/gu;
  for (let match = opening.exec(block); match !== null; match = opening.exec(block)) {
    const valueEnd = block.indexOf("</parameter>", opening.lastIndex);
    if (valueEnd === -1) break;
    const value = block.slice(opening.lastIndex, valueEnd);
    entries.push([match[1]!.trim(), exactValues ? value : value.trim()]);
    opening.lastIndex = valueEnd;
  }
  return { thought, call: { tool: name, arguments: Object.fromEntries(entries) } };
}

/** Writes a call in R2E-Gym's form; {@link parseXmlCall} reads it back, blanks at the ends aside. */
export function writeXmlCall(call: ToolCall): string {
  const parameters = Object.entries(call.arguments).map(
    ([key, value]) =>
      `<parameter=${key}>${typeof value === "string" ? value : JSON.stringify(value)}</parameter>`,
  );
  return `<function=${call.tool}>\n${parameters.join("\n")}\n</function>`;
}

/** Writes a call in `<tool_call>` tags; {@link parseJsonCall} reads it back. */
export function writeJsonCall(call: ToolCall): string {
  return `<tool_call>\n${JSON.stringify({ name: call.tool, arguments: call.arguments })}\n</tool_call>`;
}

/**
 * Reads a call in JSON: `{"name": ..., "arguments": {...}}` in `<tool_call>` tags, in a fenced block,
 * or as the last object of the response; also the form of the chat-completions API, with
 * `function` around it and the arguments as a text.
 */
export function parseJsonCall(response: string): ParsedCall {
  const tagged = /<tool_call>([^]*?)<\/tool_call>/u.exec(response);
  const fenced = tagged ?? /```(?:json)?\s*\n([^]*?)```/u.exec(response);
  if (fenced) {
    const call = jsonCall(fenced[1]!);
    return { thought: response.slice(0, fenced.index).trim(), ...(call && { call }) };
  }
  for (let at = response.indexOf("{"); at !== -1; at = response.indexOf("{", at + 1)) {
    const call = jsonCall(response.slice(at));
    if (call) return { thought: response.slice(0, at).trim(), call };
  }
  return { thought: response.trim() };
}

function jsonCall(text: string): ToolCall | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.trim());
  } catch {
    return undefined;
  }
  if (!isArguments(value)) return undefined;
  const inner = isArguments(value["function"]) ? value["function"] : value;
  const { name } = inner;
  let given: unknown = inner["arguments"] ?? inner["parameters"] ?? {};
  if (typeof given === "string") {
    try {
      given = JSON.parse(given) as unknown;
    } catch {
      return undefined;
    }
  }
  return typeof name === "string" && isArguments(given)
    ? { tool: name, arguments: given }
    : undefined;
}
