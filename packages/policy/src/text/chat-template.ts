import { compileTemplate } from "./jinja-template.ts";
import { specialTokenText } from "./special-tokens.ts";
import { isJsonObject, type JsonObject } from "../files/json-file.ts";

/** Message of a conversation. Templates may read additional fields, such as `tool_calls`. */
export interface ChatMessage {
  /** Role: `system`, `user`, `assistant`, `tool`, or another role that the template knows. */
  readonly role: string;
  readonly content: string;
  readonly [field: string]: unknown;
}

/** Options of a rendering. */
export interface ChatOptions {
  /** Tools as JSON schemas. If the tokenizer has a template named `tool_use`, it is used. */
  readonly tools?: readonly JsonObject[];
  /**
   * Additional variables of the template, such as `enable_thinking` or `date_string`.
   * `strftime_now`, by which templates get the current date, may be a function of a format, a
   * `Date`, or a date as text.
   */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Options of `LoadedTokenizer.renderChat`. */
export interface RenderOptions extends ChatOptions {
  /** Appends the start of an assistant message for the model to continue. Default false. */
  readonly addGenerationPrompt?: boolean;
}

/** Files that may contain a chat template. */
export interface TemplateSource {
  /**
   * `tokenizer_config.json`: contains the template in older folders, and the texts of special
   * tokens.
   */
  readonly config: JsonObject;
  /** `chat_template.jinja` of newer folders; takes precedence. */
  readonly chatTemplate?: string;
}

/** Function that renders a conversation to text. */
export type RenderChat = (messages: readonly ChatMessage[], options?: RenderOptions) => string;

/**
 * Creates a renderer for a tokenizer's chat template, with the language and variables that
 * transformers supports. Set `strftime_now` to fix the date, which some templates include.
 * @returns The renderer. It throws `RangeError` if there is no template, and `Error` with the
 *   template's own message if the template rejects the messages.
 */
export function createChatRenderer({ config, chatTemplate }: TemplateSource): RenderChat {
  const compiled = new Map<string, ReturnType<typeof compileTemplate>>();
  const specialTokens = specialTokenTexts(config);
  return (messages, { addGenerationPrompt = false, tools, variables } = {}) => {
    const text = chatTemplate ?? selectTemplate(config["chat_template"], tools !== undefined);
    if (text === undefined) {
      throw new RangeError("renderChat: tokenizer must have a chat template, got none");
    }
    try {
      const render = compiled.get(text) ?? compileTemplate(text);
      compiled.set(text, render);
      return render({
        ...specialTokens,
        messages,
        ...(tools && { tools }),
        add_generation_prompt: addGenerationPrompt,
        ...variables,
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`renderChat: the template rejected the messages: ${reason}`, {
        cause,
      });
    }
  };
}

/** Selects the template from `chat_template`, which is a string or a list of named templates. */
function selectTemplate(value: unknown, hasTools: boolean): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const findNamed = (name: string): string | undefined => {
    const found: unknown = value.find((each) => isJsonObject(each) && each["name"] === name);
    const text = isJsonObject(found) ? found["template"] : undefined;
    return typeof text === "string" ? text : undefined;
  };
  return (hasTools ? findNamed("tool_use") : undefined) ?? findNamed("default");
}

/** Reads the texts of `bos_token`, `eos_token` and other special tokens. */
function specialTokenTexts(config: JsonObject): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of Object.keys(config)) {
    const text = name.endsWith("_token") ? specialTokenText(config, name) : undefined;
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}
