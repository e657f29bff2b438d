/**
 * Figures of AEM's paper that the analyses are shown next to, as readInput notes of version 3 of
 * arXiv:2605.00425 give them: Qwen2.5-1.5B on WebShop with GRPO; the cost on ALFWorld.
 */
export const paperFigures = {
  /** Analysis A: coefficient - 1 against Monte-Carlo relative surprisal. */
  proxy: { correlation: 0.63, numAgreeing: 55, numStates: 64 },
  /** Section 5.4: AEM's share of the time of a training iteration. */
  cost: { share: 0.011 },
} as const;
