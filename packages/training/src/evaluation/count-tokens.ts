import type { Trajectory, Turn, TokenUsage } from "@turnwise/core";

/** Prices of a hosted model per million tokens, in any currency, `>= 0`. */
export interface TokenPrices {
  readonly prompt: number;
  readonly response: number;
}

/**
 * Reads the number of tokens of one turn, including the whole prompt; `undefined` if they were not
 * counted.
 */
function readTurnUsage(
  { usage, promptTokens, responseTokens, samplerLogProbs }: Turn,
  before: number,
): TokenUsage | undefined {
  if (usage !== undefined) return usage;
  // The texts of a hosted model are stored as characters, so their length is not a number of
  // tokens.
  if (samplerLogProbs.length !== responseTokens.length) return undefined;
  return {
    promptTokens: before + promptTokens.length,
    responseTokens: responseTokens.length,
  };
}

/**
 * Counts the tokens of episodes as a server charges them: complete prompts and responses of all
 * turns, including failed episodes.
 * @returns `undefined` if the server does not report the tokens of some turn.
 */
export function countTokens(trajectories: readonly Trajectory[]): TokenUsage | undefined {
  const total = { promptTokens: 0, responseTokens: 0 };
  for (const { presentation, turns } of trajectories) {
    let before = 0;
    for (const turn of turns) {
      const usage = readTurnUsage(turn, before);
      if (usage === undefined) return undefined;
      total.promptTokens += usage.promptTokens;
      total.responseTokens += usage.responseTokens;
      if (presentation === "concatenated") {
        before += turn.promptTokens.length + turn.responseTokens.length;
      }
    }
  }
  return total;
}

/** Computes the cost of tokens, in the currency of the prices. */
export function computeCost(
  { promptTokens, responseTokens }: TokenUsage,
  { prompt, response }: TokenPrices,
): number {
  return (promptTokens * prompt + responseTokens * response) / 1e6;
}
