import { endTokensOf } from "@turnwise/core";
import type { ChatMessage, ChatOptions, RenderChat } from "./chat-template.ts";

/** What a chat needs of a tokenizer. */
export interface ChatTokenizer {
  readonly endToken: number;
  /** Default `endToken` alone. */
  readonly endTokens?: readonly number[];
  encode(text: string): number[];
  decode(tokens: readonly number[]): string;
  readonly renderChat: RenderChat;
}

/** A conversation that waits for an answer. Plain data. */
export interface Chat {
  readonly messages: readonly ChatMessage[];
  /** Its rendering, with the beginning of an answer. */
  readonly text: string;
  readonly options: ChatOptions;
}

/** A conversation, and what it grew by. */
export interface ChatStep {
  readonly chat: Chat;
  /** Token ids to be appended to all that were there before. */
  readonly tokens: readonly number[];
}

/**
 * Begins a conversation that grows as one sequence of tokens: the prompt of each turn is all that was
 * there before, the response as it was sampled, and what {@link continueChat} appends. No token is ever
 * made anew from its text.
 * @param messages - Those before the first answer.
 * @throws `Error` if the template is not prefix-stable, that is, does not render a longer conversation
 *   as the shorter one and more; whatever `renderChat` throws.
 */
export function beginChat(
  tokenizer: ChatTokenizer,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): ChatStep {
  const text = tokenizer.renderChat(messages, { ...options, addGenerationPrompt: true });
  const chat = { messages, text, options };
  // Better now than in the middle of an episode.
  const probe = grow(tokenizer, chat, "answer", [{ role: "user", content: "question" }]).chat;
  grow(tokenizer, probe, "answer", [{ role: "user", content: "question" }]);
  return { chat, tokens: tokenizer.encode(text) };
}

/**
 * Adds an answer, and the messages that follow it.
 *
 * The text that the template puts after the answer is appended. An answer that was sampled up to the
 * template's end token has the first part of it already; one that was cut short, or stopped at another
 * end token, gets all of it.
 * @param response - The answer's token ids as they were sampled, end token included if it came.
 * @param messages - What follows, up to the next answer; may be empty only if the template allows it.
 * @throws `Error` if the template changes what it rendered before (as those do that drop the reasoning
 *   of earlier turns), or puts no end token behind an answer that has one.
 */
export function continueChat(
  tokenizer: ChatTokenizer,
  chat: Chat,
  response: readonly number[],
  messages: readonly ChatMessage[],
): ChatStep {
  const endTokens = endTokensOf(tokenizer);
  const last = response.at(-1);
  const isEnded = last !== undefined && endTokens.includes(last);
  const content = tokenizer.decode(isEnded ? response.slice(0, -1) : response);
  const grown = grow(tokenizer, chat, content, messages);
  if (!isEnded) return { chat: grown.chat, tokens: tokenizer.encode(grown.behind) };
  const end = tokenizer.decode([last]);
  // White space before the end token would have been a part of the answer, and was not.
  const behind = grown.behind.trimStart();
  if (behind.startsWith(end)) {
    return { chat: grown.chat, tokens: tokenizer.encode(behind.slice(end.length)) };
  }
  // A model may stop at another end token than the one that ends a turn in the template.
  if (endTokens.some((token) => behind.startsWith(tokenizer.decode([token])))) {
    return { chat: grown.chat, tokens: tokenizer.encode(behind) };
  }
  throw new Error(
    `continueChat: template must put ${JSON.stringify(end)} behind an answer, got ${JSON.stringify(grown.behind.slice(0, 40))}`,
  );
}

/** Renders a longer conversation, and finds what stands behind the answer. */
function grow(
  tokenizer: ChatTokenizer,
  { messages, text, options }: Chat,
  content: string,
  more: readonly ChatMessage[],
): { readonly chat: Chat; readonly behind: string } {
  const all = [...messages, { role: "assistant", content }, ...more];
  const grown = tokenizer.renderChat(all, { ...options, addGenerationPrompt: true });
  const rest = grown.startsWith(text) ? grown.slice(text.length) : undefined;
  // Some templates trim what they render.
  const shown = [content, content.trim()].find((each) => rest?.startsWith(each));
  if (rest === undefined || shown === undefined) {
    const [before, at] = rest === undefined ? [text, 0] : [content, text.length];
    const first = firstDifference(before, grown.slice(at));
    throw new Error(
      `chat: template must render a longer conversation as the shorter one and more, got ${quote(grown.slice(at), first)} in place of ${quote(before, first)} in message ${messages.length} or before`,
    );
  }
  return { chat: { messages: all, text: grown, options }, behind: rest.slice(shown.length) };
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

const quote = (text: string, at: number): string =>
  JSON.stringify(text.slice(Math.max(0, at - 20), at + 20));
