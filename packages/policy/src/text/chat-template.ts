import { compileTemplate } from "./jinja-template.ts";
import { specialTokenText } from "./special-tokens.ts";
import { isJsonObject, type JsonObject } from "../files/json-file.ts";

/** One message of a conversation. Templates may look at further fields, such as `tool_calls`. */
export interface ChatMessage {
  /** `system`, `user`, `assistant`, `tool`, or what else the template knows. */
  readonly role: string;
  readonly content: string;
  readonly [field: string]: unknown;
}

/** Options of a rendering. */
export interface ChatOptions {
  /** Descriptions of tools, as JSON schemas; a template named `tool_use` is taken where there is one. */
  readonly tools?: readonly JsonObject[];
  /**
   * Further variables of the template, such as `enable_thinking` or `date_string`. `strftime_now`, which
   * templates call for today's date, can be a function of a format, a `Date`, or the text of a date.
   */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Options of `LoadedTokenizer.renderChat`. */
export interface RenderOptions extends ChatOptions {
  /** Whether the beginning of an answer follows, for the model to go on. Default false. */
  readonly addGenerationPrompt?: boolean;
}

/** Where a tokenizer's files keep its chat template. */
export interface TemplateSource {
  /** `tokenizer_config.json`: templates in older folders, and the texts of special tokens. */
  readonly config: JsonObject;
  /** `chat_template.jinja`, which newer folders have; it goes first. */
  readonly chatTemplate?: string;
}

/** A conversation to text. */
export type RenderChat = (messages: readonly ChatMessage[], options?: RenderOptions) => string;

/**
 * Makes a renderer of the chat template of a tokenizer's files, in the language and with the
 * variables that transformers gives it. A template that asks for today's date (`strftime_now`) renders
 * another text tomorrow; the variable can be set.
 * @returns A function that throws: `RangeError` where there is no template, and `Error` with what the
 *   template itself says is wrong with the messages.
 */
export function createChatRenderer({ config, chatTemplate }: TemplateSource): RenderChat {
  const compiled = new Map<string, ReturnType<typeof compileTemplate>>();
  const specialTokens = specialTokenTexts(config);
  return (messages, { addGenerationPrompt = false, tools, variables } = {}) => {
    const text = chatTemplate ?? templateOf(config["chat_template"], tools !== undefined);
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
      throw new Error(`renderChat: messages must be such as the template takes, got: ${reason}`, {
        cause,
      });
    }
  };
}

/** `chat_template` is a text, or a list of named ones. */
function templateOf(value: unknown, hasTools: boolean): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const named = (name: string): string | undefined => {
    const found: unknown = value.find((each) => isJsonObject(each) && each["name"] === name);
    const text = isJsonObject(found) ? found["template"] : undefined;
    return typeof text === "string" ? text : undefined;
  };
  return (hasTools ? named("tool_use") : undefined) ?? named("default");
}

/** Texts of `bos_token`, `eos_token` and the like. */
function specialTokenTexts(config: JsonObject): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of Object.keys(config)) {
    const text = name.endsWith("_token") ? specialTokenText(config, name) : undefined;
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}
