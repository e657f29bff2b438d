import type { AgentFormat } from "../agent-format.ts";
import { clipMiddle } from "./scaffold/clip.ts";
import { parseBashBlock, submitMark, writeBashBlock } from "./scaffold/bash-only.ts";
import {
  decodeToolCall,
  encodeToolCall,
  parseJsonCall,
  parseXmlCall,
  writeJsonCall,
  writeXmlCall,
  type ParsedCall,
  type ToolCall,
} from "./scaffold/tool-call.ts";
import { describeTools, r2eTools } from "./scaffold/tool-schemas.ts";

/** How messages become text. A tokenizer for it keeps each mark as one token. */
export interface ChatTemplate {
  /** Up to the place where the assistant begins to write. */
  first(system: string, user: string): string;
  /** After a response, up to the place where the assistant writes again. */
  next(user: string): string;
}

/** The marks of Qwen and many others. The response ends with `<|im_end|>`. */
export const chatMarkup: ChatTemplate = {
  first: (system, user) =>
    `<|im_start|>system\n${system}<|im_end|>\n<|im_start|>user\n${user}<|im_end|>\n<|im_start|>assistant\n`,
  next: (user) => `\n<|im_start|>user\n${user}<|im_end|>\n<|im_start|>assistant\n`,
};

/** No marks but headings, for models without a template. */
export const plainText: ChatTemplate = {
  first: (system, user) => `${system}\n\n${user}\n\nAgent:\n`,
  next: (user) => `\n\n${user}\n\nAgent:\n`,
};

/** Options of the formats. */
export interface SweFormatOptions {
  /** Default {@link chatMarkup}. */
  readonly template?: ChatTemplate;
}

const task =
  "You mend software. A repository is unpacked at /testbed, and the user brings an issue about it. " +
  "Find the cause, change the sources so that the issue is settled, and hand in the work. " +
  "Do not change tests; hidden tests will decide. There is no network.";

const xmlSystem = `${task}

Tools:

${describeTools(r2eTools)}

Every response reasons briefly and then calls exactly one tool, in this form:

<function=name>
<parameter=key>value</parameter>
</function>`;

const jsonSystem = `${task}

Tools, as JSON schemas:

${r2eTools.map((tool) => JSON.stringify(tool)).join("\n")}

Every response reasons briefly and then calls exactly one tool, in this form:

<tool_call>
{"name": "name", "arguments": {"key": "value"}}
</tool_call>`;

const bashSystem = `${task}

Every response reasons briefly and then holds exactly one bash command, in this form:

\`\`\`bash
command
\`\`\`

Each command has a shell of its own; begin with cd where that matters. To hand in the work, run: echo ${submitMark}`;

function format(
  system: string,
  parse: (response: string) => ParsedCall,
  write: (call: ToolCall) => string,
  { template = chatMarkup }: SweFormatOptions,
): AgentFormat {
  return {
    presentation: "concatenated",
    write: (action) => {
      const call = decodeToolCall(action);
      return call === undefined ? action : write(call);
    },
    prompt: (history, observation) =>
      history.length === 0
        ? template.first(system, observation.text)
        : template.next(observation.text),
    parse: (response) => {
      const { call } = parse(response);
      return call === undefined
        ? { action: response, isValid: false }
        : { action: encodeToolCall(call), isValid: true };
    },
  };
}

/** R2E-Gym's and DeepSWE's form: tools, called in XML. The words of the prompt are ours. */
export function r2eFormat(
  options: SweFormatOptions & { readonly exactValues?: boolean } = {},
): AgentFormat {
  const { exactValues = false } = options;
  return format(
    xmlSystem,
    (response) => parseXmlCall(response, { exactValues }),
    writeXmlCall,
    options,
  );
}

/** The same tools, called in JSON. */
export function toolCallFormat(options: SweFormatOptions = {}): AgentFormat {
  return format(jsonSystem, parseJsonCall, writeJsonCall, options);
}

/** Nothing but bash, as in mini-swe-agent. For an environment with `scaffold: "bash"`. */
export function bashFormat(options: SweFormatOptions = {}): AgentFormat {
  return format(bashSystem, parseBashBlock, writeBashBlock, options);
}

/** The marks of {@link compactSweFormat}; a tokenizer for it keeps each as one token. */
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
 * R2E-Gym's calls in as few tokens as possible, for small models: no list of tools, no thought, and
 * answers cut to `maxCharacters`. Values are kept as they are written.
 */
export function compactSweFormat({
  maxCharacters = 600,
}: { readonly maxCharacters?: number } = {}): AgentFormat {
  const { issue, answer, act } = compactSweMarkers;
  return {
    presentation: "concatenated",
    write: (action) => {
      const call = decodeToolCall(action);
      return call === undefined ? action : writeXmlCall(call);
    },
    prompt: (history, { text }) => {
      const mark = history.length === 0 ? issue : answer;
      return `${mark}${clipMiddle(text.trim(), maxCharacters)}${act}`;
    },
    parse: (response) => {
      const { call } = parseXmlCall(response, { exactValues: true });
      return call === undefined
        ? { action: response, isValid: false }
        : { action: encodeToolCall(call), isValid: true };
    },
  };
}
