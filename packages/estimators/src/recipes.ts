import type { Objective } from "@turnwise/core";
import type { Aggregation } from "./aggregation.ts";
import { clippedSurrogate } from "./clipped-surrogate.ts";
import { addObjectives, scaleObjective } from "./combine-objectives.ts";
import { entropyBonus } from "./entropy-bonus.ts";
import type { GroupAdvantageOptions } from "./group-advantages.ts";
import { grpoPresets } from "./grpo-presets.ts";
import { klPenalty } from "./kl-penalty.ts";
import { valueLoss } from "./value-loss.ts";

/** An algorithm as the choices that it is made of: data for a trainer, from which nothing is hidden. */
export interface AlgorithmRecipe {
  readonly name: string;
  /** How advantages are estimated: against siblings (`groupAdvantages`), or by a critic. */
  readonly advantages:
    | { readonly kind: "group"; readonly options: GroupAdvantageOptions }
    | {
        /** `generalizedAdvantages` over tokens, then `whiten` over the batch. */
        readonly kind: "generalized";
        readonly discount: number;
        readonly lambda: number;
      };
  readonly surrogate: Objective;
  /** Weight of the k3 divergence from the reference in the loss; 0 for none. */
  readonly klCoefficient: number;
  /** Weight of the entropy bonus; 0 for none. */
  readonly entropyCoefficient: number;
  /** What a critic learns by; only with `"generalized"` advantages. */
  readonly valueLoss?: Objective;
  readonly aggregation: Aggregation;
  /** `"drop-flat"`: groups without a learning signal are dropped, and drawn again. */
  readonly groupFilter: "keep-all" | "drop-flat";
  /** Rounds of drawing in one iteration, with `"drop-flat"`; absent for no limit. */
  readonly maxRounds?: number;
  /**
   * Trajectories that a limit cut short. `"train"`: as any other. Else they are kept out of the loss,
   * and their returns count for their siblings or not, see `filteredAdvantages`.
   */
  readonly cutShort: "train" | "count" | "leave-out";
}

/** verl's surrogate: PPO's with dual clip. */
const verlSurrogate: Objective = clippedSurrogate({ dualClip: 3 });

/**
 * PPO as verl-agent runs it: a critic, generalized advantages over tokens with observation tokens
 * skipped, whitened. Critic learning rate 1e-5, ten times the actor's. Framework defaults; which of
 * them the authors of AEM changed is not known.
 */
export const ppo: AlgorithmRecipe = {
  name: "ppo",
  advantages: { kind: "generalized", discount: 1, lambda: 1 },
  surrogate: verlSurrogate,
  klCoefficient: 0.01,
  entropyCoefficient: 0,
  valueLoss: valueLoss({ clip: 0.5 }),
  aggregation: "token-mean",
  groupFilter: "keep-all",
  cutShort: "train",
};

/**
 * GRPO as verl-agent runs it, the base of AEM's ALFWorld and WebShop rows. Statistics over all
 * responses of the group; clip 0.2; KL loss 0.01 by k3. All are that framework's scripts. Its
 * configuration of 2025 also had an entropy bonus of 0.001, later removed: left out here, because it
 * acts on what AEM measures. The GRPO paper aggregates by `"seq-mean-token-mean"`; verl's default is
 * the token mean.
 */
export const grpo: AlgorithmRecipe = {
  name: "grpo",
  advantages: { kind: "group", options: grpoPresets.verlAgent },
  surrogate: verlSurrogate,
  klCoefficient: 0.01,
  entropyCoefficient: 0,
  aggregation: "token-mean",
  groupFilter: "keep-all",
  cutShort: "train",
};

/**
 * DAPO as verl-agent runs it: GRPO with the upper bound at 0.28 and flat groups drawn again, at most
 * ten rounds. The DAPO paper has no KL loss; verl-agent's script keeps 0.01, and so does this.
 */
export const dapo: AlgorithmRecipe = {
  ...grpo,
  name: "dapo",
  surrogate: clippedSurrogate({ clipLow: 0.2, clipHigh: 0.28, dualClip: 3 }),
  groupFilter: "drop-flat",
  maxRounds: 10,
};

/**
 * GSPO: response ratios with bounds of 3e-4 and 4e-4, means of means. The bounds are the GSPO
 * paper's; the log-ratio's upper limit of 10 is verl's. A response here is one turn, as in
 * verl-agent, where it is one row.
 */
export const gspo: AlgorithmRecipe = {
  ...grpo,
  name: "gspo",
  surrogate: clippedSurrogate({
    clipLow: 3e-4,
    clipHigh: 4e-4,
    ratioLevel: "response-token",
    logRatioLimits: [-20, 10],
  }),
  aggregation: "seq-mean-token-mean",
};

/**
 * DeepSWE's GRPO++: leave-one-out, no deviation, sums over tokens without a length, upper bound
 * 0.28, neither KL nor entropy bonus, and trajectories that a limit cut short kept out of the loss.
 * All of this is published with the recipe; that the filtered returns still count for their
 * siblings is our reading of its code.
 */
export const deepSwe: AlgorithmRecipe = {
  name: "deep-swe",
  advantages: { kind: "group", options: grpoPresets.rloo },
  surrogate: clippedSurrogate({ clipLow: 0.2, clipHigh: 0.28 }),
  klCoefficient: 0,
  entropyCoefficient: 0,
  aggregation: "seq-mean-token-sum",
  groupFilter: "keep-all",
  cutShort: "count",
};

/** All recipes of this file. */
export const algorithmRecipes: readonly AlgorithmRecipe[] = [ppo, grpo, dapo, gspo, deepSwe];

/**
 * The policy's loss of a recipe: surrogate, divergence and bonus by their weights. The critic's loss
 * is apart, as it often has an optimizer of its own.
 */
export function recipeObjective(recipe: AlgorithmRecipe): Objective {
  const { surrogate, klCoefficient, entropyCoefficient } = recipe;
  const terms = [surrogate];
  if (klCoefficient !== 0) terms.push(scaleObjective(klCoefficient, klPenalty({ limit: 10 })));
  if (entropyCoefficient !== 0) terms.push(scaleObjective(entropyCoefficient, entropyBonus()));
  return addObjectives(...terms);
}
