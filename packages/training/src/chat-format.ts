import type { AgentFormat } from "@turnwise/envs";
import type { LoadedTokenizer } from "@turnwise/policy";
import { InputError } from "./input-error.ts";

/** A prompt as a user's message, up to where the model begins to answer. */
export function chatPrompt(
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
export function chatFormat(
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
    chatPrompt(tokenizer, "?");
  } catch (error) {
    throw new InputError(`${source}: ${(error as Error).message}`);
  }
  return {
    ...format,
    prompt: (history, observation) => chatPrompt(tokenizer, format.prompt(history, observation)),
  };
}
