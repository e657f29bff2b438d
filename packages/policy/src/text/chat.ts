import { listEndTokens } from "@turnwise/core";
import type { ChatMessage, ChatOptions, RenderChat } from "./chat-template.ts";

/** Methods of a tokenizer that a chat needs. */
export interface ChatTokenizer {
  readonly endToken: number;
  /** Tokens that end a response. Default: only `endToken`. */
  readonly endTokens?: readonly number[];
  encode(text: string): number[];
  decode(tokens: readonly number[]): string;
  readonly renderChat: RenderChat;
}

/** Conversation that waits for an answer, as plain data. */
export interface Chat {
  readonly messages: readonly ChatMessage[];
  /** Rendered text, including the start of an assistant message. */
  readonly text: string;
  readonly options: ChatOptions;
}

/** Conversation, and its tokens since the last step. */
export interface ChatStep {
  readonly chat: Chat;
  /** Token ids to append to the sequence. */
  readonly tokens: readonly number[];
}

/**
 * Starts a conversation that grows as one token sequence: the prompt of each turn is the previous
 * prompt, followed by the response as sampled and the tokens of {@link continueChat}. No text is
 * tokenized twice.
 * @param messages - Messages before the first answer.
 * @throws `Error` if the template is not prefix-stable, that is, does not render a longer
 *   conversation as an extension of a shorter one; any error of `renderChat`.
 */
export function beginChat(
  tokenizer: ChatTokenizer,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): ChatStep {
  const text = tokenizer.renderChat(messages, { ...options, addGenerationPrompt: true });
  const chat = { messages, text, options };
  // Check prefix stability now rather than in the middle of an episode.
  const probe = grow(tokenizer, chat, "answer", [{ role: "user", content: "question" }]).chat;
  grow(tokenizer, probe, "answer", [{ role: "user", content: "question" }]);
  return { chat, tokens: tokenizer.encode(text) };
}

/**
 * Adds an answer and the messages that follow it.
 *
 * The template's text after the answer is appended. It includes the template's end token if the
 * answer was truncated or stopped at another end token. If the answer already ends in the
 * template's end token, that token is not added again.
 * @param response - Token ids of the answer as sampled, including an end token if there was one.
 * @param messages - Messages up to the next answer; may be empty only if the template allows it.
 * @throws `Error` if the template changes earlier text (like those that drop the reasoning of
 *   earlier turns), or puts no end token after an answer that has one.
 */
export function continueChat(
  tokenizer: ChatTokenizer,
  chat: Chat,
  response: readonly number[],
  messages: readonly ChatMessage[],
): ChatStep {
  const endTokens = listEndTokens(tokenizer);
  const last = response.at(-1);
  const isEnded = last !== undefined && endTokens.includes(last);
  const content = tokenizer.decode(isEnded ? response.slice(0, -1) : response);
  const grown = grow(tokenizer, chat, content, messages);
  if (!isEnded) return { chat: grown.chat, tokens: tokenizer.encode(grown.suffix) };
  const end = tokenizer.decode([last]);
  // White space before the end token does not belong to the answer.
  const suffix = grown.suffix.trimStart();
  if (suffix.startsWith(end)) {
    return { chat: grown.chat, tokens: tokenizer.encode(suffix.slice(end.length)) };
  }
  // A model may stop at an end token that differs from the template's.
  if (endTokens.some((token) => suffix.startsWith(tokenizer.decode([token])))) {
    return { chat: grown.chat, tokens: tokenizer.encode(suffix) };
  }
  throw new Error(
    `continueChat: template must put ${JSON.stringify(end)} after an answer, got ${JSON.stringify(grown.suffix.slice(0, 40))}`,
  );
}

/** Renders the extended conversation, and finds the text after the answer. */
function grow(
  tokenizer: ChatTokenizer,
  { messages, text, options }: Chat,
  content: string,
  more: readonly ChatMessage[],
): { readonly chat: Chat; readonly suffix: string } {
  const all = [...messages, { role: "assistant", content }, ...more];
  const grown = tokenizer.renderChat(all, { ...options, addGenerationPrompt: true });
  const rest = grown.startsWith(text) ? grown.slice(text.length) : undefined;
  // Some templates trim the content of messages.
  const shown = [content, content.trim()].find((each) => rest?.startsWith(each));
  if (rest === undefined || shown === undefined) {
    const [before, at] = rest === undefined ? [text, 0] : [content, text.length];
    const first = firstDifference(before, grown.slice(at));
    throw new Error(
      `chat: template must be prefix-stable (render a longer conversation as an extension of the shorter one), got ${quote(grown.slice(at), first)} in place of ${quote(before, first)} in message ${messages.length} or before`,
    );
  }
  return { chat: { messages: all, text: grown, options }, suffix: rest.slice(shown.length) };
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

const quote = (text: string, at: number): string =>
  JSON.stringify(text.slice(Math.max(0, at - 20), at + 20));
