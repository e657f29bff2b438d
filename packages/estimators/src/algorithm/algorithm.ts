import type { Resolved } from "@turnwise/core";
// Import the namespace, not the object `z`: bundlers then drop three quarters of zod.
import * as z from "zod";
import { advantagesSchema, type Advantages } from "./advantages.ts";
import {
  aggregationSchema,
  groupFilterSchema,
  rolloutCorrectionSchema,
  truncationSchema,
  type AggregationRule,
  type GroupFilter,
  type RolloutCorrectionChoice,
  type TruncationRule,
} from "./batch-rules.ts";
import {
  entropyBonusSchema,
  klSchema,
  valueLossSchema,
  type EntropyBonus,
  type Kl,
  type ValueLoss,
} from "./loss-terms.ts";
import { surrogateSchema, type Surrogate } from "./surrogate.ts";

/**
 * Algorithm as plain data: every choice between the trajectories of an iteration and the update.
 * `compileAlgorithm` compiles the record to the functions of the training loop; {@link
 * algorithmSchema} describes each field with unit, range and default; `algorithmPresets` has the
 * presets.
 *
 * @example
 * const mine: Algorithm = { ...grpo, surrogate: { kind: "sapo" } };
 */
export interface Algorithm {
  /** Advantage estimator. */
  readonly advantages: Advantages;
  /** Policy loss. */
  readonly surrogate: Surrogate;
  /** KL divergence from the reference policy, in the loss or in the reward. */
  readonly kl: Kl;
  readonly entropyBonus: EntropyBonus;
  /** Loss of the critic; used with `"generalized"` advantages. */
  readonly valueLoss: ValueLoss;
  /** Aggregation of token losses into one loss. */
  readonly aggregation: AggregationRule;
  /** Selection of the groups to train on. */
  readonly groupFilter: GroupFilter;
  /** Treatment of truncated and failed trajectories. */
  readonly truncation: TruncationRule;
  /** Token weights that correct for differences between sampler and learner. */
  readonly rolloutCorrection: RolloutCorrectionChoice;
}

/** {@link Algorithm} with every default filled in. */
export type ResolvedAlgorithm = Resolved<Algorithm>;

/**
 * Machine-readable description of {@link Algorithm}: types, ranges, defaults, and for each field a
 * description and a unit (`schema.meta()`), all of which `z.toJSONSchema` exports. Parsing checks
 * the fields one by one; `compileAlgorithm` also checks their combination.
 */
export const algorithmSchema: z.ZodType<ResolvedAlgorithm> = z.strictObject({
  advantages: advantagesSchema.meta({ description: "Advantage estimator" }),
  surrogate: surrogateSchema.meta({ description: "Loss of the policy" }),
  kl: klSchema.meta({ description: "Divergence from the reference policy" }),
  entropyBonus: entropyBonusSchema.meta({ description: "Bonus for entropy in the loss" }),
  valueLoss: valueLossSchema.meta({ description: "Loss of the critic" }),
  aggregation: aggregationSchema.meta({ description: "Aggregation of token losses into one loss" }),
  groupFilter: groupFilterSchema.meta({ description: "Groups that are trained on" }),
  truncation: truncationSchema.meta({
    description: "Treatment of truncated and failed trajectories",
  }),
  rolloutCorrection: rolloutCorrectionSchema.meta({
    description: "Weights for tokens on which sampler and learner differ",
  }),
});
