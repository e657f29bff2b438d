import type { AgentFormat } from "../agent-format.ts";
import { chatMarkup, type ChatTemplate } from "../chat-template.ts";
import { parseBashBlock, writeBashBlock } from "./scaffold/bash-blocks.ts";
import { bashCommand, submitMark } from "./scaffold/bash-only.ts";
import { checkCall } from "./scaffold/check-call.ts";
import { clipMiddle } from "./scaffold/clip.ts";
import { parseJsonCall, writeJsonCall } from "./scaffold/json-calls.ts";
import { r2eToolNames, r2eTools, r2eToolset } from "./scaffold/r2e-tools.ts";
import {
  decodeToolCall,
  encodeRejection,
  encodeToolCall,
  type ParsedCall,
  type ToolCall,
} from "./scaffold/tool-call.ts";
import { describeTools } from "./scaffold/tool-schemas.ts";
import type { Tool } from "./scaffold/tools/tool.ts";
import { parseXmlCall, writeXmlCall } from "./scaffold/xml-calls.ts";

/** Options of the agent formats. */
export interface SweFormatOptions {
  /** Chat template. Default {@link chatMarkup}. */
  readonly template?: ChatTemplate;
  /** Maximum length of an observation in the prompt, characters. Default: no limit. */
  readonly maxCharacters?: number;
}

const task =
  "You are a software engineer. The user gives you a repository and describes an issue in it. " +
  "Find the cause, fix the source code, then submit your work. " +
  "Do not modify tests: hidden tests will check your fix. There is no network access.";

const xmlSystem = `${task}

You have these tools:

${describeTools(r2eTools)}

In every response, reason briefly and then make exactly one tool call, in this form:

<function=tool_name>
<parameter=argument_name>value</parameter>
</function>`;

const jsonSystem = `${task}

You have these tools, described as JSON schemas:

${r2eTools.map((tool) => JSON.stringify(tool)).join("\n")}

In every response, reason briefly and then make exactly one tool call, in this form:

<tool_call>
{"name": "tool_name", "arguments": {"argument_name": "value"}}
</tool_call>`;

const bashSystem = `${task}

In every response, reason briefly and then write exactly one bash command, in this form:

\`\`\`bash
command
\`\`\`

Every command runs in a new shell that starts in the repository. To submit your work, run: echo ${submitMark}`;

/** Syntax of tool calls: reader, writer, and the tools. */
interface CallForm {
  readonly tools: readonly Tool[];
  readonly parse: (response: string) => ParsedCall;
  readonly write: (call: ToolCall) => string;
}

function createFormat(
  { tools, parse, write }: CallForm,
  prompt: AgentFormat["prompt"],
): AgentFormat {
  return {
    presentation: "concatenated",
    prompt,
    write: (action) => {
      const call = decodeToolCall(action);
      return call === undefined ? action : write(call);
    },
    parse: (response) => {
      const { call, note } = parse(response);
      if (call !== undefined) {
        const isValid = note === undefined && checkCall(call, tools).isValid;
        return { action: encodeToolCall(call, note), isValid };
      }
      return { action: note === undefined ? response : encodeRejection(note), isValid: false };
    },
  };
}

function chatFormat(
  system: string,
  form: CallForm,
  { template = chatMarkup, maxCharacters = Number.POSITIVE_INFINITY }: SweFormatOptions,
): AgentFormat {
  return createFormat(form, (history, observation) => {
    const text = clipMiddle(observation.text, { maxCharacters });
    return history.length === 0 ? template.first(system, text) : template.next(text);
  });
}

const xmlForm = (exactValues: boolean): CallForm => ({
  tools: r2eToolset,
  parse: (response) => parseXmlCall(response, { exactValues, tools: r2eToolNames }),
  write: writeXmlCall,
});

/** Format of R2E-Gym and DeepSWE: tool calls in XML. The prompt is in our own words. */
export function r2eFormat(
  options: SweFormatOptions & { readonly exactValues?: boolean } = {},
): AgentFormat {
  return chatFormat(xmlSystem, xmlForm(options.exactValues ?? false), options);
}

/** Format with R2E-Gym's tools, called in JSON. */
export function toolCallFormat(options: SweFormatOptions = {}): AgentFormat {
  const parse = (response: string): ParsedCall => parseJsonCall(response, { tools: r2eToolNames });
  return chatFormat(jsonSystem, { tools: r2eToolset, parse, write: writeJsonCall }, options);
}

/** Format with a single tool, bash, as in mini-swe-agent. */
export function bashFormat(options: SweFormatOptions = {}): AgentFormat {
  const form = { tools: [bashCommand], parse: parseBashBlock, write: writeBashBlock };
  return chatFormat(bashSystem, form, options);
}

/** Markers of {@link compactSweFormat}; a tokenizer for it must keep each as one token. */
export const compactSweMarkers = {
  issue: "<issue>",
  answer: "<answer>",
  act: "<act>",
  functionStart: "<function=",
  functionEnd: "</function>",
  parameterStart: "<parameter=",
  parameterEnd: "</parameter>",
} as const;

/**
 * Tool calls of R2E-Gym in as few tokens as possible, for small models: no list of tools, no
 * thought, and observations truncated to `maxCharacters` (default 600). Values are not trimmed.
 */
export function compactSweFormat({
  maxCharacters = 600,
}: Pick<SweFormatOptions, "maxCharacters"> = {}): AgentFormat {
  const { issue, answer, act } = compactSweMarkers;
  return createFormat(xmlForm(true), (history, { text }) => {
    const marker = history.length === 0 ? issue : answer;
    return `${marker}${clipMiddle(text.trim(), { maxCharacters })}${act}`;
  });
}
