import type { Demonstration, TaskSource } from "@turnwise/envs";
import type { LoadedTokenizer } from "@turnwise/policy";
import { renderChatPrompt, renderPlainPrompt } from "../policy/chat-format.ts";

/** Converts the prompts of a demonstration to messages in the model's chat template. */
export function toChatDemonstration(
  demonstration: Demonstration,
  tokenizer: LoadedTokenizer,
): Demonstration {
  const turns = demonstration.turns.map((turn) => ({
    ...turn,
    prompt: renderChatPrompt(tokenizer, turn.prompt),
  }));
  return { ...demonstration, turns };
}

/** Prepends the tokenizer's BOS tokens to the sequences of a demonstration. */
export function toPlainDemonstration(
  demonstration: Demonstration,
  { format }: Pick<TaskSource, "format">,
  tokenizer: LoadedTokenizer,
): Demonstration {
  const turns = demonstration.turns.map((turn, i) => ({
    ...turn,
    prompt: renderPlainPrompt(tokenizer, format, turn.prompt, i),
  }));
  return { ...demonstration, turns };
}
