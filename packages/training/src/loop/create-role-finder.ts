import type { RoleSpan, Tokenizer, Turn } from "@turnwise/core";
import type { AgentFormat } from "@turnwise/envs";

/**
 * Creates a function that finds the roles of a response's tokens; returns `undefined` if the format
 * has no roles. A token has the role of its first character.
 */
export function createRoleFinder({
  format,
  tokenizer,
}: {
  readonly format: AgentFormat;
  readonly tokenizer: Tokenizer;
}): ((turn: Turn) => RoleSpan[]) | undefined {
  const { roles } = format;
  if (roles === undefined) return undefined;
  return ({ responseTokens }) => {
    const isEnded = responseTokens.at(-1) === tokenizer.endToken;
    const tokens = isEnded ? responseTokens.slice(0, -1) : responseTokens;
    // Position of the first character of each token, and at the end the length of the text.
    const starts = Array.from({ length: tokens.length + 1 }, (_, count) =>
      count === 0 ? 0 : tokenizer.decode(tokens.slice(0, count)).length,
    );
    const firstFrom = (character: number): number => {
      const found = starts.findIndex((start) => start >= character);
      return found === -1 ? tokens.length : found;
    };
    const spans = roles(tokenizer.decode(tokens)).flatMap(({ role, start, end }): RoleSpan[] => {
      const first = firstFrom(start);
      const length = Math.min(firstFrom(end), tokens.length) - first;
      return length > 0 ? [{ role, start: first, length }] : [];
    });
    return isEnded ? [...spans, { role: "end", start: tokens.length, length: 1 }] : spans;
  };
}
