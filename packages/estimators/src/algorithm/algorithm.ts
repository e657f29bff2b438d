import type { Resolved } from "@turnwise/core";
// The namespace, not the object `z`: bundlers then leave out three quarters of zod.
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
 * An algorithm as plain data: every choice between the trajectories of an iteration and the update.
 * `compileAlgorithm` makes the functions of the loop from it; {@link algorithmSchema} describes each
 * field with its unit, range and default. `algorithmPresets` has the ones with names.
 *
 * @example
 * const mine: Algorithm = { ...grpo, surrogate: { kind: "sapo" } };
 */
export interface Algorithm {
  /** Estimator of advantages. */
  readonly advantages: Advantages;
  /** Loss of the policy. */
  readonly surrogate: Surrogate;
  /** Divergence from the reference policy, in the loss or in the reward. */
  readonly kl: Kl;
  readonly entropyBonus: EntropyBonus;
  /** Loss of the critic, with `"generalized"` advantages. */
  readonly valueLoss: ValueLoss;
  /** How token losses become one loss. */
  readonly aggregation: AggregationRule;
  /** Groups that are trained on. */
  readonly groupFilter: GroupFilter;
  /** How trajectories count that did not end by themselves. */
  readonly truncation: TruncationRule;
  /** Weights for tokens on which sampler and learner differ. */
  readonly rolloutCorrection: RolloutCorrectionChoice;
}

/** An {@link Algorithm} with every setting stated. */
export type ResolvedAlgorithm = Resolved<Algorithm>;

/**
 * The machine-readable description of {@link Algorithm}: types, ranges, defaults, and for each field a
 * description and a unit (`schema.meta()`), all of which `z.toJSONSchema` writes out. Parsing checks
 * the fields one by one; `compileAlgorithm` also checks that they fit together.
 */
export const algorithmSchema: z.ZodType<ResolvedAlgorithm> = z.strictObject({
  advantages: advantagesSchema.meta({ description: "Advantage estimator" }),
  surrogate: surrogateSchema.meta({ description: "Loss of the policy" }),
  kl: klSchema.meta({ description: "Divergence from the reference policy" }),
  entropyBonus: entropyBonusSchema.meta({ description: "Bonus for entropy in the loss" }),
  valueLoss: valueLossSchema.meta({ description: "Loss of the critic" }),
  aggregation: aggregationSchema.meta({ description: "How token losses become one loss" }),
  groupFilter: groupFilterSchema.meta({ description: "Groups that are trained on" }),
  truncation: truncationSchema.meta({
    description: "How trajectories count that did not end by themselves",
  }),
  rolloutCorrection: rolloutCorrectionSchema.meta({
    description: "Weights for tokens on which sampler and learner differ",
  }),
});
