import type { AgentFormat } from "@turnwise/envs";
import type { LoadedTokenizer } from "@turnwise/policy";
import { InputError } from "../input-error.ts";

/** Renders a prompt as a user message, including the generation prompt. */
export function renderChatPrompt(
  { renderChat }: Pick<LoadedTokenizer, "renderChat">,
  prompt: string,
): string {
  return renderChat([{ role: "user", content: prompt }], { addGenerationPrompt: true });
}

/**
 * Wraps a turn-wise format for a chat model: each prompt is a user message in the model's own chat
 * template.
 * @param source - Source of the tokenizer, for messages.
 * @throws {@link InputError} if the format is concatenated, or the tokenizer has no template.
 */
export function toChatFormat(
  format: AgentFormat,
  tokenizer: Pick<LoadedTokenizer, "renderChat">,
  source: string,
): AgentFormat {
  if (format.presentation !== "turn-wise") {
    throw new InputError(
      `${source}: a chat template needs a turn-wise format, got a concatenated format`,
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
 * Adapts the tokenizer of a chat model: responses end with the token that ends a turn in the chat
 * template, which may differ from the tokenizer's own end token.
 */
export function toChatTokenizer(tokenizer: LoadedTokenizer): LoadedTokenizer {
  const { turnEndToken = tokenizer.endToken } = tokenizer;
  return { ...tokenizer, endToken: turnEndToken };
}

/**
 * Prepends the tokenizer's BOS tokens to a plain prompt, unless it begins with them.
 * @param turnIndex - Index of the turn; in a concatenated format only turn 0 starts a sequence.
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

/** Wraps a format for a model that is prompted without chat template, see `renderPlainPrompt`. */
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
 * Returns the warning for a model that has a chat template but is prompted without it; `undefined`
 * if the prompts of the format already contain chat markup, as for software tasks.
 * @param remedy - Setting that applies the template in a turn-wise format.
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
    // The format cannot render this plain observation, so the prompts contain no chat markup that
    // could be found here.
  }
  try {
    renderChatPrompt({ renderChat }, "?");
  } catch {
    return undefined;
  }
  const setting = presentation === "turn-wise" ? remedy : `${remedy} with a turn-wise format`;
  return `${source}: the model has a chat template, but prompts are plain text; use ${setting} to apply the template`;
}
