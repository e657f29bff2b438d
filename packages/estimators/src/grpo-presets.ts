import type { GroupAdvantageChoices } from "./group-advantages.ts";

const verl: GroupAdvantageChoices = {
  baseline: "group",
  scale: "sample",
  epsilon: 1e-6,
  singleton: "raw",
};

/** Frameworks and variants in {@link grpoPresets}. */
export type GrpoPreset =
  | "verl"
  | "verlAgent"
  | "skyrl"
  | "slime"
  | "trl"
  | "trlBatch"
  | "rllm"
  | "openrlhf"
  | "roll"
  | "areal"
  | "nemoRl"
  | "primeRl"
  | "tinker"
  | "drGrpo"
  | "rloo"
  | "rlooVectorized"
  | "opo";

/**
 * Options of {@link groupAdvantages} for each framework's GRPO and for similar algorithms. For
 * example, in a group with returns 1,0,0,0,0,0,0,1 the advantage of a success is 1.6202 (`verl`),
 * 1.6198 (`trl`), 1.7320 (`rllm`), 2.2678 (`nemoRl`) or 0.75 (`primeRl`).
 */
export const grpoPresets: Readonly<Record<GrpoPreset, GroupAdvantageChoices>> = {
  /** verl: sample standard deviation; a group of one keeps its return. */
  verl,
  /**
   * verl-agent: like verl, with statistics over all responses of the group, as in the AEM paper.
   */
  verlAgent: { ...verl, statisticsOver: "responses" },
  /** SkyRL: same as verl. */
  skyrl: verl,
  /** slime: same as verl, but a group of one is not scaled, so its advantage is 0. */
  slime: { ...verl, singleton: "zero" },
  /** TRL, `scale_rewards="group"`. TRL does not support groups of one. */
  trl: { baseline: "group", scale: "sample", epsilon: 1e-4, singleton: "zero" },
  /** TRL, `scale_rewards="batch"`. */
  trlBatch: {
    baseline: "group",
    scale: "sample",
    scaleOver: "batch",
    epsilon: 1e-4,
    singleton: "zero",
  },
  /** rLLM: population standard deviation. */
  rllm: { baseline: "group", scale: "population", epsilon: 1e-6, singleton: "raw" },
  /** OpenRLHF, `group_norm`. Its treatment of a group of one is unknown. */
  openrlhf: { baseline: "group", scale: "sample", epsilon: 1e-9, singleton: "zero" },
  /** ROLL, agentic: no division if the standard deviation is at most 1e-6. */
  roll: { baseline: "group", scale: "sample", epsilon: 1e-6, minScale: 1e-6, singleton: "zero" },
  /** AReaL: mean and standard deviation over the whole batch. */
  areal: { baseline: "batch", scale: "sample", scaleOver: "batch", epsilon: 1e-5 },
  /** NeMo-RL: mean and standard deviation over the other members of the group. */
  nemoRl: {
    baseline: "leave-one-out",
    scale: "sample",
    scaleOver: "leave-one-out",
    epsilon: 1e-6,
    singleton: "zero",
  },
  /** prime-rl: only the difference from the mean. */
  primeRl: { baseline: "group", scale: "none", singleton: "zero" },
  /** tinker-cookbook: same as prime-rl. */
  tinker: { baseline: "group", scale: "none", singleton: "zero" },
  /** Dr. GRPO as in verl: a group of one keeps its return. */
  drGrpo: { baseline: "group", scale: "none", singleton: "raw" },
  /** RLOO as in verl: a group of one keeps its return. */
  rloo: { baseline: "leave-one-out", scale: "none", singleton: "raw" },
  /** RLOO in verl's vectorized form and in SkyRL: a group of one gets an advantage of 0. */
  rlooVectorized: { baseline: "leave-one-out", scale: "none", singleton: "zero" },
  /** OPO as in verl: baseline is the mean over the group's tokens, no scale. */
  opo: { baseline: "group", scale: "none", singleton: "raw", statisticsOver: "tokens" },
};
