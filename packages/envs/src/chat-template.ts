import { InputError } from "@turnwise/core";

/**
 * Text that surrounds messages. A tokenizer for the template must keep each marker as one token.
 */
export interface ChatTemplate {
  /** Text before the first response. */
  first(system: string, user: string): string;
  /** Text between a response and the next one. */
  next(user: string): string;
}

/** ChatML, used by Qwen and many others. A response ends with `<|im_end|>`. */
export const chatMarkup: ChatTemplate = {
  first: (system, user) =>
    `<|im_start|>system\n${system}<|im_end|>\n<|im_start|>user\n${user}<|im_end|>\n<|im_start|>assistant\n`,
  next: (user) => `\n<|im_start|>user\n${user}<|im_end|>\n<|im_start|>assistant\n`,
};

/** Template with headings instead of special tokens, for models without a chat template. */
export const plainText: ChatTemplate = {
  first: (system, user) => `${system}\n\n${user}\n\nAgent:\n`,
  next: (user) => `\n\n${user}\n\nAgent:\n`,
};

/** Names of chat templates in settings; `messages` is the template for hosted models. */
export const chatTemplateNames = ["chat-markup", "plain", "messages"] as const;

/** Name of a chat template in settings. */
export type ChatTemplateName = (typeof chatTemplateNames)[number];

/**
 * Returns a chat template by its name in the settings.
 * @param environment - Name of the environment, for messages.
 * @param messages - Template for hosted models, if there is one.
 * @throws `InputError` for the name `messages` if there is no such template.
 */
export function pickChatTemplate(
  environment: string,
  name: ChatTemplateName,
  messages: ChatTemplate | undefined,
): ChatTemplate {
  if (name === "chat-markup") return chatMarkup;
  if (name === "plain") return plainText;
  if (messages !== undefined) return messages;
  throw new InputError(
    `${environment}: tasks.template must be chat-markup or plain for a model that is not a hosted chat model, got messages`,
  );
}
