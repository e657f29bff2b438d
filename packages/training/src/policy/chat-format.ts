import type { AgentFormat } from "@turnwise/envs";
import type { LoadedTokenizer } from "@turnwise/policy";
import { InputError } from "../input-error.ts";

/** A prompt as a user's message, up to where the model begins to answer. */
export function renderChatPrompt(
  { renderChat }: Pick<LoadedTokenizer, "renderChat">,
  prompt: string,
): string {
  return renderChat([{ role: "user", content: prompt }], { addGenerationPrompt: true });
}

/**
 * A turn-wise format for a model that was trained on conversations: each prompt is a user's message in
 * the model's own chat template.
 * @param source - Where the tokenizer comes from, for messages.
 * @throws {@link InputError} if the format is one growing sequence, or the tokenizer has no template.
 */
export function toChatFormat(
  format: AgentFormat,
  tokenizer: Pick<LoadedTokenizer, "renderChat">,
  source: string,
): AgentFormat {
  if (format.presentation !== "turn-wise") {
    throw new InputError(
      `${source}: a chat must be played turn by turn, got a format that grows as one sequence`,
    );
  }
  try {
    renderChatPrompt(tokenizer, "?");
  } catch (error) {
    throw new InputError(`${source}: ${(error as Error).message}`);
  }
  return {
    ...format,
    prompt: (history, observation) =>
      renderChatPrompt(tokenizer, format.prompt(history, observation)),
  };
}

/**
 * The tokenizer of a model that is talked to in its chat template: a response is trained to end with the
 * token that ends a turn there, which need not be the tokenizer's own end token.
 */
export function toChatTokenizer(tokenizer: LoadedTokenizer): LoadedTokenizer {
  const { turnEndToken = tokenizer.endToken } = tokenizer;
  return { ...tokenizer, endToken: turnEndToken };
}

/**
 * A prompt that is no chat, with the tokens before it that the tokenizer puts before each sequence (BOS).
 * @param turnIndex - Of a format that grows as one sequence, the first prompt alone begins it.
 */
export function renderPlainPrompt(
  { beginTokens, decode }: Pick<LoadedTokenizer, "beginTokens" | "decode">,
  { presentation }: Pick<AgentFormat, "presentation">,
  prompt: string,
  turnIndex: number,
): string {
  if (beginTokens.length === 0 || (presentation === "concatenated" && turnIndex > 0)) return prompt;
  const begin = decode(beginTokens);
  return prompt.startsWith(begin) ? prompt : `${begin}${prompt}`;
}

/** A format for a model that is not talked to in a chat template, see `renderPlainPrompt`. */
export function toPlainFormat(
  format: AgentFormat,
  tokenizer: Pick<LoadedTokenizer, "beginTokens" | "decode">,
): AgentFormat {
  return {
    ...format,
    prompt: (history, observation) =>
      renderPlainPrompt(tokenizer, format, format.prompt(history, observation), history.length),
  };
}

/**
 * A warning for a model with a chat template that is prompted without it; none where the format's prompt
 * has tokens of its own that mark a chat, as those of software issues have.
 * @param remedy - The setting that uses the template in a turn-wise format.
 */
export function describeMissingChat(
  { presentation, prompt }: Pick<AgentFormat, "presentation" | "prompt">,
  { renderChat }: Pick<LoadedTokenizer, "renderChat">,
  source: string,
  remedy: string,
): string | undefined {
  try {
    if (/<\|[a-z_]+\|>/u.test(prompt([], { text: "" }))) return undefined;
  } catch {
    // A format that wants more of an observation has no fixed marks.
  }
  try {
    renderChatPrompt({ renderChat }, "?");
  } catch {
    return undefined;
  }
  const setting = presentation === "turn-wise" ? remedy : `${remedy} with a turn-wise format`;
  return `${source}: model has a chat template, but prompts are plain text; ${setting} uses the template`;
}
