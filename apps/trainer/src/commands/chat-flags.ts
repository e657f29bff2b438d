import type { ChatMessage } from "@turnwise/policy";
import { InputError } from "@turnwise/training";
import { Option, type Command } from "commander";
import { collectValue } from "./arguments.ts";

/** Options of commands that use the chat template of a model. */
export interface ChatFlags {
  readonly system?: string;
  readonly variable?: readonly string[];
}

/** Adds {@link ChatFlags} to a command. */
export function addChatOptions(command: Command): Command {
  return command
    .option("--system <text>", "system message of the chat")
    .addOption(
      new Option(
        "--variable <name=value>",
        "variable of the chat template, such as enable_thinking=false; may be repeated",
      ).argParser(collectValue),
    );
}

/** Returns the name of the first chat flag that is set. */
export function findChatFlag({ system, variable }: ChatFlags): string | undefined {
  if (system !== undefined) return "--system";
  return variable === undefined ? undefined : "--variable";
}

/** Initial messages and template variables of a chat. */
export interface ChatStart {
  readonly messages: readonly ChatMessage[];
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Parses the flags of a chat. The value of a variable is parsed as JSON or, if it is not JSON, is
 * used as text.
 * @throws {@link InputError} for a variable without a name.
 */
export function readChatStart({ system, variable = [] }: ChatFlags): ChatStart {
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
