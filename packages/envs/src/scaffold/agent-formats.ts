import type { AgentFormat } from "../agent-format.ts";
import { chatMarkup, type ChatTemplate } from "../chat-template.ts";
import { parseBashBlock, writeBashBlock } from "./bash-blocks.ts";
import { createBashCommand, submitMark } from "./bash-only.ts";
import { checkCall } from "./check-call.ts";
import { clipMiddle } from "./clip.ts";
import { parseJsonCall, writeJsonCall } from "./json-calls.ts";
import { createR2eToolset, listToolNames, r2eToolset } from "./r2e-tools.ts";
import {
  decodeToolCall,
  encodeRejection,
  encodeToolCall,
  type ParsedCall,
  type ToolCall,
} from "./tool-call.ts";
import { describeTools } from "./tool-schemas.ts";
import type { Tool } from "./tools/tool.ts";
import { repositoryWording, type ScaffoldWording } from "./wording.ts";
import { parseXmlCall, writeXmlCall } from "./xml-calls.ts";

/** Options of the agent formats. */
export interface SweFormatOptions {
  /** Chat template. Default {@link chatMarkup}. */
  readonly template?: ChatTemplate;
  /** Maximum length of an observation in the prompt, characters. Default: no limit. */
  readonly maxCharacters?: number;
}

const writeXmlSystem = ({ assignment }: ScaffoldWording, tools: readonly Tool[]): string =>
  `${assignment}

You have these tools:

${describeTools(tools.map(({ schema }) => schema))}

In every response, reason briefly and then make exactly one tool call, in this form:

<function=tool_name>
<parameter=argument_name>value</parameter>
</function>`;

const writeJsonSystem = ({ assignment }: ScaffoldWording, tools: readonly Tool[]): string =>
  `${assignment}

You have these tools, described as JSON schemas:

${tools.map(({ schema }) => JSON.stringify(schema)).join("\n")}

In every response, reason briefly and then make exactly one tool call, in this form:

<tool_call>
{"name": "tool_name", "arguments": {"argument_name": "value"}}
</tool_call>`;

const writeBashSystem = ({ assignment, folder }: ScaffoldWording): string => `${assignment}

In every response, reason briefly and then write exactly one bash command, in this form:

\`\`\`bash
command
\`\`\`

Every command runs in a new shell that starts in ${folder}. To submit your work, run: echo ${submitMark}`;

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
    tools: tools.map(({ schema }) => schema),
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

const xmlForm = (tools: readonly Tool[], exactValues: boolean): CallForm => {
  const names = listToolNames(tools);
  return {
    tools,
    parse: (response) => parseXmlCall(response, { exactValues, tools: names }),
    write: writeXmlCall,
  };
};

/** Options of {@link r2eFormat}. */
type XmlFormatOptions = SweFormatOptions & { readonly exactValues?: boolean };

/** Creates the format of R2E-Gym and DeepSWE (tool calls in XML) in the given wording. */
export const createXmlFormat =
  (wording: ScaffoldWording) =>
  (options: XmlFormatOptions = {}): AgentFormat => {
    const tools = createR2eToolset(wording);
    const form = xmlForm(tools, options.exactValues ?? false);
    return chatFormat(writeXmlSystem(wording, tools), form, options);
  };

/** Creates the format with R2E-Gym's tools, called in JSON, in the given wording. */
export const createJsonFormat =
  (wording: ScaffoldWording) =>
  (options: SweFormatOptions = {}): AgentFormat => {
    const tools = createR2eToolset(wording);
    const names = listToolNames(tools);
    const parse = (response: string): ParsedCall => parseJsonCall(response, { tools: names });
    const form = { tools, parse, write: writeJsonCall };
    return chatFormat(writeJsonSystem(wording, tools), form, options);
  };

/** Creates the format with a single tool, bash, as in mini-swe-agent, in the given wording. */
export const createBashFormat =
  (wording: ScaffoldWording) =>
  (options: SweFormatOptions = {}): AgentFormat => {
    const tools = [createBashCommand(wording)];
    const form = { tools, parse: parseBashBlock, write: writeBashBlock };
    return chatFormat(writeBashSystem(wording), form, options);
  };

/** Format of R2E-Gym and DeepSWE: tool calls in XML. The prompt is in our own words. */
export const r2eFormat: (options?: XmlFormatOptions) => AgentFormat =
  createXmlFormat(repositoryWording);

/** Format with R2E-Gym's tools, called in JSON. */
export const toolCallFormat: (options?: SweFormatOptions) => AgentFormat =
  createJsonFormat(repositoryWording);

/** Format with a single tool, bash, as in mini-swe-agent. */
export const bashFormat: (options?: SweFormatOptions) => AgentFormat =
  createBashFormat(repositoryWording);

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
  return createFormat(xmlForm(r2eToolset, true), (history, { text }) => {
    const marker = history.length === 0 ? issue : answer;
    return `${marker}${clipMiddle(text.trim(), { maxCharacters })}${act}`;
  });
}
