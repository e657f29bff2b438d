import type { ChatMessage } from "@turnwise/policy";
import { InputError } from "@turnwise/training";
import { Option, type Command } from "commander";
import { repeated } from "./arguments.ts";

/** Options of commands that talk to a model in its chat template. */
export interface ChatFlags {
  readonly system?: string;
  readonly variable?: readonly string[];
}

/** Adds {@link ChatFlags} to a command. */
export function withChat(command: Command): Command {
  return command
    .option("--system <text>", "the system's message of a chat")
    .addOption(
      new Option(
        "--variable <name=value>",
        "a variable of the chat template, such as enable_thinking=false; may be repeated",
      ).argParser(repeated),
    );
}

/** The first of the flags that is given. */
export function chatFlagWithoutChat({ system, variable }: ChatFlags): string | undefined {
  if (system !== undefined) return "--system";
  return variable === undefined ? undefined : "--variable";
}

/** How a chat begins. */
export interface ChatStart {
  readonly messages: readonly ChatMessage[];
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * The messages and the template's variables that a chat begins with. A variable's value is JSON, or the
 * text itself.
 * @throws {@link InputError} for a variable without a name.
 */
export function chatStart({ system, variable = [] }: ChatFlags): ChatStart {
  const variables = variable.map((text): [string, unknown] => {
    const split = text.indexOf("=");
    if (split < 1) throw new InputError(`--variable: must have the form name=value, got ${text}`);
    return [text.slice(0, split), parseValue(text.slice(split + 1))];
  });
  return {
    messages: system === undefined ? [] : [{ role: "system", content: system }],
    variables: Object.fromEntries(variables),
  };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
