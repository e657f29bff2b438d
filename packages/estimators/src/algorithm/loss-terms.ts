import type { Resolved } from "@turnwise/core";
import * as z from "zod";
import type { KlInRewardOptions } from "../kl-in-reward.ts";
import type { KlPenaltyOptions } from "../kl-penalty.ts";
import type { ValueLossOptions } from "../value-loss.ts";

/** Adaptation of the coefficient of a KL penalty in the reward. */
export type KlAdaptation =
  | { readonly kind: "fixed" }
  /** See `adaptKlCoefficient`. */
  | { readonly kind: "adaptive"; readonly target?: number; readonly horizon?: number };

/** KL divergence from the reference policy. `algorithmSchema` describes every field. */
export type Kl =
  | { readonly kind: "none" }
  /** Term of the loss, with a gradient. See `klPenalty`. */
  | ({ readonly kind: "loss"; readonly coefficient?: number } & KlPenaltyOptions)
  /** Penalty subtracted from the reward of each token. See `penalizeRewards`. */
  | ({
      readonly kind: "reward";
      readonly coefficient?: number;
      readonly adaptation?: KlAdaptation;
    } & KlInRewardOptions);

/** Entropy bonus of an algorithm. It changes the entropy that AEM measures. */
export type EntropyBonus =
  | { readonly kind: "none" }
  /** See `entropyBonus`. */
  | { readonly kind: "bonus"; readonly coefficient?: number };

/** Loss of the critic. */
export type ValueLoss =
  | { readonly kind: "none" }
  /** See `valueLoss`. */
  | ({ readonly kind: "squared"; readonly coefficient?: number } & ValueLossOptions);

const none = z.strictObject({ kind: z.literal("none") });
const estimators = z.enum(["k1", "absolute", "k2", "k3"]);
const klCoefficient = z.number().positive().default(0.001);
const limit = z.number().positive().nullable().default(null).meta({
  description: "Maximum absolute value of a token's estimate; null for no limit",
  unit: "nats",
});

const kl = z.discriminatedUnion("kind", [
  none,
  z.strictObject({
    kind: z.literal("loss"),
    coefficient: klCoefficient.meta({ description: "Weight of the divergence in the loss" }),
    estimator: estimators.default("k3").meta({
      description: "Estimate of KL(new || reference) from one sampled token",
    }),
    gradient: z.enum(["own", "k2"]).default("own").meta({
      description:
        "Estimator whose gradient is used; the expected gradient of k2 is the gradient of the KL",
    }),
    correction: z.enum(["none", "ratio"]).default("none").meta({
      description: "Multiply each estimate by the token's ratio, for tokens of an older policy",
    }),
    limit,
  }),
  z.strictObject({
    kind: z.literal("reward"),
    coefficient: klCoefficient.meta({
      description: "Reward subtracted per nat of divergence; with adaptation the initial value",
    }),
    estimator: estimators.default("k1").meta({
      description: "Estimate of KL(old || reference) from one sampled token",
    }),
    limit,
    adaptation: z
      .discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("fixed") }),
        z.strictObject({
          kind: z.literal("adaptive"),
          target: z.number().positive().default(0.1).meta({
            description: "Target of the divergence, mean over tokens",
            unit: "nats",
          }),
          horizon: z.number().positive().default(10_000).meta({
            description: "Number of rows over which the coefficient may change by a fifth",
            unit: "rows",
          }),
        }),
      ])
      .default({ kind: "fixed" })
      .meta({ description: "Adaptation of the coefficient after each iteration" }),
  }),
]);

const entropyBonus = z.discriminatedUnion("kind", [
  none,
  z.strictObject({
    kind: z.literal("bonus"),
    coefficient: z.number().positive().default(0.001).meta({
      description: "Weight of the mean token entropy, which is maximized",
    }),
  }),
]);

const valueLoss = z.discriminatedUnion("kind", [
  none,
  z.strictObject({
    kind: z.literal("squared"),
    coefficient: z.number().positive().default(0.5).meta({
      description: "Weight of the critic's loss",
    }),
    clip: z.number().positive().nullable().default(null).meta({
      description: "Clip range of a value in one update; null for no clip",
    }),
  }),
]);

/** Schema of {@link Kl}: parsing checks ranges and fills in defaults. */
export const klSchema: z.ZodType<Resolved<Kl>> = kl;
/** Schema of {@link EntropyBonus}. */
export const entropyBonusSchema: z.ZodType<Resolved<EntropyBonus>> = entropyBonus;
/** Schema of {@link ValueLoss}. */
export const valueLossSchema: z.ZodType<Resolved<ValueLoss>> = valueLoss;

const accepted: readonly unknown[] = [
  (record: Resolved<Kl>): z.output<typeof kl> => record,
  (record: Resolved<EntropyBonus>): z.output<typeof entropyBonus> => record,
  (record: Resolved<ValueLoss>): z.output<typeof valueLoss> => record,
];
void accepted;
