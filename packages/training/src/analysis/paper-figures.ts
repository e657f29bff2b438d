/**
 * Results of the AEM paper with which the analyses are compared, from notes on version 3 of
 * arXiv:2605.00425: Qwen2.5-1.5B on WebShop with GRPO; the cost was measured on ALFWorld.
 */
export const paperFigures = {
  /** Analysis A: `coefficient - 1` against relative surprisal (Monte Carlo). */
  proxy: { correlation: 0.63, numAgreeing: 55, numStates: 64 },
  /** Section 5.4: AEM's share of the time of an iteration. */
  cost: { share: 0.011 },
} as const;
