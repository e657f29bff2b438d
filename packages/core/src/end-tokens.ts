import type { Tokenizer } from "./engine.ts";

/** All tokens that end a response of a tokenizer's model, `endToken` first. */
export function endTokensOf({
  endToken,
  endTokens = [],
}: Pick<Tokenizer, "endToken" | "endTokens">): number[] {
  return [...new Set([endToken, ...endTokens])];
}
