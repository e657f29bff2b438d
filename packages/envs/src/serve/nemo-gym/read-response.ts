import * as z from "zod";
import { isRecord } from "../../is-record.ts";
import { checkInput } from "../check-input.ts";

/** A call of a tool by a model. */
export interface FunctionCall {
  readonly id: string;
  readonly name: string;
  /** Arguments; `undefined` if the model's text is not JSON. */
  readonly input: unknown;
}

/** Output of a model in one turn. */
export interface ModelOutput {
  readonly text: string;
  readonly calls: readonly FunctionCall[];
}

const responseSchema = z.looseObject({
  output: z.array(z.looseObject({ type: z.string().optional() })),
});

const callSchema = z.looseObject({
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
});

/**
 * Reads the output of a model from a response of OpenAI's Responses API: the texts of its messages,
 * joined, and its function calls. Reasoning is left out.
 * @throws `SessionError` with code `invalid` for a value in another format.
 */
export function readResponse(value: unknown): ModelOutput {
  const { output } = checkInput("response", responseSchema, value);
  const texts: string[] = [];
  const calls: FunctionCall[] = [];
  for (const item of output) {
    if (item.type === "message") texts.push(readText(item["content"]));
    else if (item.type === "function_call") {
      const { call_id: id, name, arguments: text } = checkInput("call", callSchema, item);
      calls.push({ id, name, input: parseArguments(text) });
    }
  }
  return { text: texts.join(""), calls };
}

function readText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const parts: readonly unknown[] = content;
  return parts
    .filter((part) => isRecord(part) && part["type"] === "output_text")
    .map((part) => String((part as Readonly<Record<string, unknown>>)["text"]))
    .join("");
}

function parseArguments(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
