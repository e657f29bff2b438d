import type { AlgorithmConfig } from "../algorithm.ts";

const grpo: AlgorithmConfig = {
  advantages: "verlAgent",
  critic: null,
  credit: "response",
  clipLow: 0.2,
  clipHigh: 0.2,
  dualClip: 3,
  ratioLevel: "token",
  klCoefficient: 0.01,
  entropyCoefficient: 0,
  aggregation: "token-mean",
  flatGroups: "keep",
  maxRounds: 1,
  cutShort: "train",
};

/**
 * The recipes of `@turnwise/estimators` as settings of a run; where a recipe sets no limit to
 * drawing again, ten rounds.
 */
export const algorithms = {
  ppo: { ...grpo, critic: { discount: 1, lambda: 1, clip: 0.5, coefficient: 0.5 } },
  grpo,
  dapo: { ...grpo, clipHigh: 0.28, flatGroups: "drop", maxRounds: 10 },
  gspo: {
    ...grpo,
    clipLow: 3e-4,
    clipHigh: 4e-4,
    dualClip: null,
    ratioLevel: "response-token",
    aggregation: "seq-mean-token-mean",
  },
  "deep-swe": {
    ...grpo,
    advantages: "rloo",
    credit: "trajectory",
    clipHigh: 0.28,
    dualClip: null,
    klCoefficient: 0,
    aggregation: "seq-mean-token-sum",
    cutShort: "count",
  },
} satisfies Record<string, AlgorithmConfig>;
