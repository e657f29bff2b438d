import { grpoPresets } from "../grpo-presets.ts";
import type { Algorithm } from "./algorithm.ts";

/**
 * GRPO as in verl-agent's scripts, the base of AEM's ALFWorld and WebShop rows: statistics over all
 * responses of the group, clip 0.2, dual clip 3, KL loss 0.01 by k3 with verl's limit of 10. Its
 * configuration of 2025 also had an entropy bonus of 0.001, later removed: left out here, because
 * it acts on the quantity that AEM measures. The GRPO paper aggregates by `"seq-mean-token-mean"`;
 * verl's default is the token mean.
 */
export const grpo: Algorithm = {
  advantages: { kind: "group", credit: "response", ...grpoPresets.verlAgent },
  surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.2, dualClip: 3 },
  kl: { kind: "loss", coefficient: 0.01, estimator: "k3", limit: 10 },
  entropyBonus: { kind: "none" },
  valueLoss: { kind: "none" },
  aggregation: { kind: "token-mean" },
  groupFilter: { kind: "keep-all" },
  truncation: { truncated: "train", failed: "leave-out", overlong: { kind: "none" } },
  rolloutCorrection: { kind: "none" },
};

/**
 * PPO as in verl-agent: a critic, generalized advantages over tokens with observation tokens
 * skipped, whitened. These are framework defaults; which of them the authors of AEM changed is not
 * known.
 */
export const ppo: Algorithm = {
  ...grpo,
  advantages: { kind: "generalized", discount: 1, lambda: 1, whitening: "batch" },
  valueLoss: { kind: "squared", coefficient: 0.5, clip: 0.5 },
};

/**
 * DAPO as in verl-agent: GRPO with an upper bound of 0.28 and dynamic sampling of flat groups, at
 * most ten rounds. The DAPO paper has no KL loss; verl-agent's script keeps 0.01, and so does this.
 */
export const dapo: Algorithm = {
  ...grpo,
  surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.28, dualClip: 3 },
  groupFilter: { kind: "drop-flat", maxRounds: 10 },
};

/**
 * GSPO: response ratios with bounds of 3e-4 and 4e-4, means of means. The bounds are the GSPO
 * paper's; the log-ratio's upper limit of 10 is verl's. A response here is one turn, as in
 * verl-agent, where it is one row. The gradient is that of gspo-token, which verl uses for both.
 */
export const gspo: Algorithm = {
  ...grpo,
  surrogate: {
    kind: "clipped",
    clipLow: 3e-4,
    clipHigh: 4e-4,
    ratioLevel: "response-token",
    logRatioLimits: [-20, 10],
  },
  aggregation: { kind: "seq-mean-token-mean" },
};

/**
 * DeepSWE's GRPO++: leave-one-out, no deviation, sums over tokens without a length, upper bound
 * 0.28, neither KL nor entropy bonus, and truncated trajectories masked from the loss. All of this
 * is published with its training script; that the masked returns still count for their siblings is
 * our reading of its code.
 */
export const deepSwe: Algorithm = {
  ...grpo,
  advantages: { kind: "group", credit: "trajectory", ...grpoPresets.rloo },
  surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.28 },
  kl: { kind: "none" },
  aggregation: { kind: "seq-mean-token-sum" },
  truncation: { truncated: "mask", failed: "leave-out", overlong: { kind: "none" } },
};

/** Surrogate of most papers: clip 0.2 and no divergence. */
const plain: Algorithm = {
  ...grpo,
  surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.2 },
  kl: { kind: "none" },
};

/**
 * Dr. GRPO: no deviation, and sums over tokens divided by a constant length.
 * The constant is a setting of the run: 512 tokens, verl-agent's longest response.
 * @see arXiv:2503.20783
 */
export const drGrpo: Algorithm = {
  ...plain,
  advantages: { kind: "group", ...grpoPresets.drGrpo },
  aggregation: { kind: "seq-mean-token-sum-norm", maxLength: 512 },
};

/**
 * RLOO as in verl: the return minus the mean of the siblings', with PPO's clip instead of the
 * paper's REINFORCE loss, so that an iteration may have several updates.
 * @see arXiv:2402.14740
 */
export const rloo: Algorithm = {
  ...plain,
  advantages: { kind: "group", ...grpoPresets.rloo },
};

/** RLOO in verl's vectorized form and in SkyRL: a group of one has an advantage of 0. */
export const rlooVectorized: Algorithm = {
  ...plain,
  advantages: { kind: "group", ...grpoPresets.rlooVectorized },
};

/** OPO as verl computes it: the mean over the group's tokens as baseline, no deviation. */
export const opo: Algorithm = {
  ...plain,
  advantages: { kind: "group", ...grpoPresets.opo },
};

/**
 * REINFORCE++: token returns with a k1 divergence in the reward, whitened over the batch, PPO's clip.
 * The coefficient of 0.001 is verl's default.
 * @see arXiv:2501.03262
 */
export const reinforcePlusPlus: Algorithm = {
  ...plain,
  advantages: { kind: "reinforce-plus-plus", discount: 1 },
  kl: { kind: "reward", coefficient: 0.001, estimator: "k1" },
};

/**
 * REINFORCE++ with the group's mean as baseline, whitened over the batch; the k2 divergence is in the
 * loss. The coefficient of 0.001 is verl's default.
 * @see arXiv:2501.03262
 */
export const reinforcePlusPlusBaseline: Algorithm = {
  ...plain,
  advantages: { kind: "reinforce-plus-plus-baseline" },
  kl: { kind: "loss", coefficient: 0.001, estimator: "k2" },
};

/** GRPO for pass@k: only the best trajectory of a group learns. @see arXiv:2503.19595 */
export const passAtKGrpo: Algorithm = { ...grpo, advantages: { kind: "best-of-group" } };

/** GRPO per turn: returns from each turn on, relative to the siblings' turns of the same index. */
export const turnGrpo: Algorithm = { ...grpo, advantages: { kind: "turn" } };

/**
 * GiGPO as verl-agent's ALFWorld script runs it: sample deviations, discount 0.95, KL loss 0.01.
 * @see arXiv:2505.10978
 */
export const gigpo: Algorithm = {
  ...grpo,
  advantages: {
    kind: "gigpo",
    discount: 0.95,
    turnWeight: 1,
    scale: "sample",
    statisticsOver: "responses",
  },
};

/**
 * REINFORCE with discounted returns from each turn on, whitened over the batch. On-policy: one
 * update per iteration.
 */
export const reinforce: Algorithm = {
  ...plain,
  advantages: { kind: "discounted-returns", discount: 1, whitening: "batch" },
  surrogate: { kind: "policy-gradient" },
};

/** CISPO with MiniMax's upper limit of 5 and no lower one. @see arXiv:2506.13585 */
export const cispo: Algorithm = {
  ...plain,
  surrogate: { kind: "cispo", minRatio: 0, maxRatio: 5 },
};

/** SAPO with the paper's temperatures, means of means. @see arXiv:2511.20347 */
export const sapo: Algorithm = {
  ...plain,
  surrogate: { kind: "sapo", positiveTemperature: 1, negativeTemperature: 1.05 },
  aggregation: { kind: "seq-mean-token-mean" },
};

/** GMPO with the paper's bounds of 0.4 nats, means of means. @see arXiv:2507.20673 */
export const gmpo: Algorithm = {
  ...plain,
  surrogate: { kind: "gmpo", clipLow: 0.4, clipHigh: 0.4 },
  aggregation: { kind: "seq-mean-token-mean" },
};
