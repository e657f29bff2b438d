import type { Ragged } from "./check-ragged.ts";
import { discountedReturns } from "./discounted-returns.ts";
import { groupAdvantages } from "./group-advantages.ts";
import { whiten } from "./whiten.ts";

/** Options of {@link reinforcePlusPlusAdvantages}. */
export interface ReinforcePlusPlusOptions {
  /** Discount per token (gamma), in `[0, 1]`. Default 1. */
  readonly discount?: number;
  /** Added to the variance, `>= 0`. Default 1e-8 (verl). */
  readonly epsilon?: number;
  /** 1 for response tokens, else 0, `[sequence][token]`. Default: all 1. */
  readonly masks?: Ragged;
}

/**
 * REINFORCE++: the return from each token onward, whitened over the batch.
 *
 * @param rewards - `[sequence][token]`, including KL penalties if they are part of the reward.
 * @returns Token advantages, `[sequence][token]`, 0 at masked tokens.
 * @throws The errors of {@link discountedReturns} and {@link whiten}.
 * @see arXiv:2501.03262
 */
export function reinforcePlusPlusAdvantages(
  rewards: Ragged,
  {
    discount = 1,
    epsilon = 1e-8,
    masks = rewards.map((row) => row.map(() => 1)),
  }: ReinforcePlusPlusOptions = {},
): number[][] {
  const returns = rewards.map((row, index) => {
    const mask = masks[index];
    return discountedReturns(row, { discount, ...(mask && { mask }) });
  });
  return whiten(returns, masks, { epsilon });
}

/**
 * REINFORCE++ with a baseline: the return minus its group's mean (a group of one keeps its return),
 * whitened over the tokens of the batch.
 *
 * @param returns - Returns, `[group][trajectory]`.
 * @param numTokens - Number of response tokens of each trajectory, same shape; its weight in the
 *   whitening.
 * @returns `[group][trajectory]`.
 * @throws Errors of {@link groupAdvantages} and {@link whiten}.
 * @see arXiv:2501.03262
 */
export function reinforcePlusPlusBaselineAdvantages(
  returns: Ragged,
  numTokens: Ragged,
  { epsilon = 1e-8 }: Pick<ReinforcePlusPlusOptions, "epsilon"> = {},
): number[][] {
  const advantages = groupAdvantages(returns, { scale: "none", singleton: "raw" });
  return whiten(advantages, numTokens, { epsilon });
}
