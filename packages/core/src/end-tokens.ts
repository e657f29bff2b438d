import type { Tokenizer } from "./engine.ts";

/** Lists all tokens that end a response of a tokenizer's model, `endToken` first. */
export function listEndTokens({
  endToken,
  endTokens = [],
}: Pick<Tokenizer, "endToken" | "endTokens">): number[] {
  return [...new Set([endToken, ...endTokens])];
}
