import type { IdleRule } from "../experiment/idle-rule.ts";
import type { EnvironmentTasks } from "./environment.ts";

/** Tasks with a format that may be rendered in a chat template. */
interface ChatTasks extends EnvironmentTasks {
  readonly format: string;
  readonly template: string;
}

/**
 * Removes the training tasks, for an evaluation.
 * @param isServed - True if a server applies the chat template; prompts are then messages.
 */
export function toChatEvaluation<T extends ChatTasks>(
  tasks: T,
  evaluation: T["evaluation"],
  isServed: boolean,
): T {
  return { ...tasks, numTraining: 0, evaluation, ...(isServed && { template: "messages" }) };
}

/**
 * Creates the rule that the chat-template setting has no effect unless `tasks.format` is `format`.
 */
export function createChatTemplateRule(format: string): IdleRule<ChatTasks> {
  return {
    paths: ["tasks.template"],
    isIdle: ({ tasks }) => tasks.format !== format,
    why: `without tasks.format ${format}`,
  };
}
