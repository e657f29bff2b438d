import { grpoPresets } from "../grpo-presets.ts";
import type { Algorithm } from "./algorithm.ts";

/**
 * GRPO as in verl-agent's scripts, on which the paper's ALFWorld and WebShop results of AEM are
 * based: statistics over all responses of the group, clip 0.2, dual clip 3, KL loss 0.01 by k3 with
 * verl's limit of 10. Its configuration of 2025 also had an entropy bonus of 0.001, which was later
 * removed; it is omitted here because it changes the entropy that AEM measures. The GRPO paper
 * aggregates by `"seq-mean-token-mean"`; verl's default is the token mean.
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
 * PPO as in verl-agent: a critic, generalized advantages over tokens (observation tokens are
 * skipped), whitened. These are framework defaults; it is not known which of them the authors of
 * AEM changed.
 */
export const ppo: Algorithm = {
  ...grpo,
  advantages: { kind: "generalized", discount: 1, lambda: 1, whitening: "batch" },
  valueLoss: { kind: "squared", coefficient: 0.5, clip: 0.5 },
};

/**
 * DAPO as in verl-agent: GRPO with an upper clip bound of 0.28 and dynamic sampling, which replaces
 * flat groups in at most ten rounds. The DAPO paper has no KL loss; verl-agent's script and this preset keep a
 * coefficient of 0.01.
 */
export const dapo: Algorithm = {
  ...grpo,
  surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.28, dualClip: 3 },
  groupFilter: { kind: "drop-flat", maxRounds: 10 },
};

/**
 * GSPO: response ratios with clip bounds of 3e-4 and 4e-4 (GSPO paper), log-ratios of at most 10
 * (verl), aggregation `"seq-mean-token-mean"`. A response is one turn, as in verl-agent. The
 * gradient equals the gradient of gspo-token, which verl uses for both algorithms.
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
 * DeepSWE's GRPO++: leave-one-out baseline, no division by the standard deviation, token sums not
 * divided by a length, upper clip bound 0.28, neither KL nor entropy bonus, and truncated
 * trajectories masked from the loss. All of this is published with its training script. In our
 * reading of its code, masked returns still count in the baselines of their group.
 */
export const deepSwe: Algorithm = {
  ...grpo,
  advantages: { kind: "group", credit: "trajectory", ...grpoPresets.rloo },
  surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.28 },
  kl: { kind: "none" },
  aggregation: { kind: "seq-mean-token-sum" },
  truncation: { truncated: "mask", failed: "leave-out", overlong: { kind: "none" } },
};

/** Surrogate of most papers: clip 0.2 and no KL divergence. */
const plain: Algorithm = {
  ...grpo,
  surrogate: { kind: "clipped", clipLow: 0.2, clipHigh: 0.2 },
  kl: { kind: "none" },
};

/**
 * Dr. GRPO: no division by the standard deviation, and token sums divided by a constant length.
 * The constant depends on the run; here it is 512 tokens, verl-agent's maximum response length.
 * @see arXiv:2503.20783
 */
export const drGrpo: Algorithm = {
  ...plain,
  advantages: { kind: "group", ...grpoPresets.drGrpo },
  aggregation: { kind: "seq-mean-token-sum-norm", maxLength: 512 },
};

/**
 * RLOO as in verl: the return minus the mean return of the siblings, with PPO's clip instead of the
 * paper's REINFORCE loss, so that an iteration may have several updates.
 * @see arXiv:2402.14740
 */
export const rloo: Algorithm = {
  ...plain,
  advantages: { kind: "group", ...grpoPresets.rloo },
};

/** RLOO in verl's vectorized form and in SkyRL: a group with one member gets an advantage of 0. */
export const rlooVectorized: Algorithm = {
  ...plain,
  advantages: { kind: "group", ...grpoPresets.rlooVectorized },
};

/**
 * OPO as in verl: baseline is the mean over the group's tokens, no division by the standard
 * deviation.
 */
export const opo: Algorithm = {
  ...plain,
  advantages: { kind: "group", ...grpoPresets.opo },
};

/**
 * REINFORCE++: token returns with a k1 KL penalty in the reward, whitened over the batch, and PPO's
 * clip. The coefficient of 0.001 is verl's default.
 * @see arXiv:2501.03262
 */
export const reinforcePlusPlus: Algorithm = {
  ...plain,
  advantages: { kind: "reinforce-plus-plus", discount: 1 },
  kl: { kind: "reward", coefficient: 0.001, estimator: "k1" },
};

/**
 * REINFORCE++ with the group's mean as baseline, whitened over the batch; the k2 KL penalty is in
 * the loss. The coefficient of 0.001 is verl's default.
 * @see arXiv:2501.03262
 */
export const reinforcePlusPlusBaseline: Algorithm = {
  ...plain,
  advantages: { kind: "reinforce-plus-plus-baseline" },
  kl: { kind: "loss", coefficient: 0.001, estimator: "k2" },
};

/** GRPO for pass@k: only the best trajectory of a group gets an advantage. @see arXiv:2503.19595 */
export const passAtKGrpo: Algorithm = { ...grpo, advantages: { kind: "best-of-group" } };

/**
 * GRPO per turn: the return from each turn onward, relative to turns with the same index in the
 * group.
 */
export const turnGrpo: Algorithm = { ...grpo, advantages: { kind: "turn" } };

/**
 * GiGPO as verl-agent's ALFWorld script runs it: sample standard deviations, discount 0.95, KL loss
 * 0.01.
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
 * REINFORCE with discounted returns from each turn on, whitened over the batch. Strictly on-policy:
 * allows one update per iteration.
 */
export const reinforce: Algorithm = {
  ...plain,
  advantages: { kind: "discounted-returns", discount: 1, whitening: "batch" },
  surrogate: { kind: "policy-gradient" },
};

/** CISPO with MiniMax's upper bound of 5 and no lower bound. @see arXiv:2506.13585 */
export const cispo: Algorithm = {
  ...plain,
  surrogate: { kind: "cispo", minRatio: 0, maxRatio: 5 },
};

/**
 * SAPO with the paper's temperatures and aggregation `"seq-mean-token-mean"`.
 * @see arXiv:2511.20347
 */
export const sapo: Algorithm = {
  ...plain,
  surrogate: { kind: "sapo", positiveTemperature: 1, negativeTemperature: 1.05 },
  aggregation: { kind: "seq-mean-token-mean" },
};

/**
 * GMPO with the paper's bounds of 0.4 nats and aggregation `"seq-mean-token-mean"`.
 * @see arXiv:2507.20673
 */
export const gmpo: Algorithm = {
  ...plain,
  surrogate: { kind: "gmpo", clipLow: 0.4, clipHigh: 0.4 },
  aggregation: { kind: "seq-mean-token-mean" },
};
