import type { IdleRule } from "../experiment/idle-rule.ts";
import type { EnvironmentTasks } from "./environment.ts";

/** Tasks with a format that is a conversation, in a chat template. */
interface ChatTasks extends EnvironmentTasks {
  readonly format: string;
  readonly template: string;
}

/**
 * Tasks of an evaluation alone, without training tasks.
 * @param isServed - Whether a server applies the chat template: prompts are then messages.
 */
export function toChatEvaluation<T extends ChatTasks>(
  tasks: T,
  evaluation: T["evaluation"],
  isServed: boolean,
): T {
  return { ...tasks, numTraining: 0, evaluation, ...(isServed && { template: "messages" }) };
}

/** The chat template has no effect in a format that is no conversation. */
export function createChatTemplateRule(format: string): IdleRule<ChatTasks> {
  return {
    paths: ["tasks.template"],
    isIdle: ({ tasks }) => tasks.format !== format,
    why: `without tasks.format ${format}`,
  };
}
