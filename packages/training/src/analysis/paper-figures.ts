/**
 * Figures of the AEM paper for comparison with the analyses, from reading notes on version 3 of
 * arXiv:2605.00425: Qwen2.5-1.5B on WebShop with GRPO; the cost is on ALFWorld.
 */
export const paperFigures = {
  /** Analysis A: `coefficient - 1` against relative surprisal (Monte Carlo). */
  proxy: { correlation: 0.63, numAgreeing: 55, numStates: 64 },
  /** Section 5.4: AEM's share of the time of an iteration. */
  cost: { share: 0.011 },
} as const;
