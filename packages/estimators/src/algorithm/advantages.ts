import type { Resolved } from "@turnwise/core";
import * as z from "zod";
import { customChoiceSchema, type CustomChoice } from "./custom-choice.ts";
import type { BestOfGroupOptions } from "../best-of-group.ts";
import type { GroupAdvantageChoices } from "../group-advantages.ts";
import type { GigpoOptions, TurnAdvantageOptions } from "../turn-advantages.ts";

/** Whitening of advantages over the batch. */
export interface WhiteningChoice {
  /** `"batch"`: whiten over the tokens of the batch, see `whiten`. */
  readonly whitening?: "batch" | "none";
  /** Added to the variance, `>= 0`; used only with `"batch"`. Default 1e-8 (verl). */
  readonly epsilon?: number;
}

/** Advantage estimator of an algorithm. `algorithmSchema` describes every field. */
export type Advantages =
  /** Advantages relative to the group, see `groupAdvantages`: GRPO, Dr. GRPO, RLOO, OPO. */
  | ({
      readonly kind: "group";
      /**
       * Compared members of a group: trajectories (return minus all penalties of the trajectory) or
       * responses (return of the trajectory minus the response's own penalty). Default
       * `"trajectory"`.
       */
      readonly credit?: "trajectory" | "response";
    } & GroupAdvantageChoices)
  /** Only the best trajectory of a group learns, see `bestOfGroupAdvantages`. */
  | ({ readonly kind: "best-of-group" } & BestOfGroupOptions)
  /** Return from each turn onward, relative to the group, see `turnAdvantages`. */
  | ({ readonly kind: "turn" } & TurnAdvantageOptions)
  /** Trajectory and state-wise turn advantages, see `gigpoAdvantages`. */
  | ({ readonly kind: "gigpo" } & GigpoOptions)
  /** Return from each turn onward (REINFORCE), see `discountedReturns`. */
  | ({ readonly kind: "discounted-returns"; readonly discount?: number } & WhiteningChoice)
  /** Return from each token onward, whitened, see `reinforcePlusPlusAdvantages`. */
  | {
      readonly kind: "reinforce-plus-plus";
      readonly discount?: number;
      readonly epsilon?: number;
    }
  /** Return minus the group's mean, whitened, see `reinforcePlusPlusBaselineAdvantages`. */
  | { readonly kind: "reinforce-plus-plus-baseline"; readonly epsilon?: number }
  /**
   * Generalized advantage estimation with a critic over tokens (PPO), see `generalizedAdvantages`.
   */
  | ({
      readonly kind: "generalized";
      readonly discount?: number;
      readonly lambda?: number;
    } & WhiteningChoice)
  /** A custom estimator, see `AlgorithmParts`. */
  | CustomChoice;

const share = z.number().min(0).max(1);
const nonNegative = z.number().min(0);

const discount = (value: number, step: string): z.ZodDefault<z.ZodNumber> =>
  share.default(value).meta({ description: `Discount of a reward one ${step} later (gamma)` });

const defineEpsilon = (value: number, target: string): z.ZodDefault<z.ZodNumber> =>
  nonNegative.default(value).meta({ description: `Epsilon, added to the ${target}` });

const defineWhitening = (
  value: "batch" | "none",
): z.ZodDefault<z.ZodEnum<{ batch: "batch"; none: "none" }>> =>
  z.enum(["batch", "none"]).default(value).meta({
    description: "Scale advantages to mean 0 and variance 1 over the tokens of the batch",
  });

const groupFields = {
  baseline: z.enum(["group", "leave-one-out", "batch", "none"]).default("group").meta({
    description: "Baseline of a return: mean over its group, its siblings, the batch, or none",
  }),
  scale: z.enum(["none", "population", "sample"]).default("sample").meta({
    description: "Standard deviation by which the difference is divided",
  }),
  scaleOver: z.enum(["group", "leave-one-out", "batch"]).default("group").meta({
    description: "Returns over which the standard deviation is computed",
  }),
  epsilon: defineEpsilon(1e-6, "standard deviation"),
  minScale: nonNegative.default(0).meta({
    description: "Standard deviation at or below which differences are not divided",
  }),
  singleton: z.enum(["raw", "zero"]).default("zero").meta({
    description: "Advantage in a group with one trajectory: its return, or 0",
  }),
};

const schema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("group"),
    credit: z.enum(["trajectory", "response"]).default("trajectory").meta({
      description:
        "Members of a group that are compared: trajectory (return minus all its penalties) or response (the trajectory's return minus the response's own penalty)",
    }),
    ...groupFields,
    statisticsOver: z.enum(["trajectories", "responses", "tokens"]).default("trajectories").meta({
      description: "Unit that counts once in means and standard deviations",
    }),
  }),
  z.strictObject({
    kind: z.literal("best-of-group"),
    scale: z.enum(["none", "sample"]).default("sample").meta({
      description: "Standard deviation by which the lead of the best trajectory is divided",
    }),
    epsilon: defineEpsilon(1e-6, "standard deviation"),
  }),
  z.strictObject({
    kind: z.literal("turn"),
    discount: discount(1, "turn"),
    among: z.enum(["turn-index", "group"]).default("turn-index").meta({
      description:
        "Turns with which a turn is compared: turns with the same index, or all turns of its group",
    }),
    ...groupFields,
  }),
  z.strictObject({
    kind: z.literal("gigpo"),
    discount: discount(0.95, "turn"),
    turnWeight: z.number().default(1).meta({
      description: "Weight of the turn's advantage relative to the trajectory's",
    }),
    scale: z.enum(["none", "sample"]).default("none").meta({
      description: "Standard deviation by which both parts are divided",
    }),
    epsilon: defineEpsilon(1e-6, "standard deviation"),
    statisticsOver: z.enum(["trajectories", "responses"]).default("responses").meta({
      description: "Unit that counts once in the statistics of the trajectory's part",
    }),
  }),
  z.strictObject({
    kind: z.literal("discounted-returns"),
    discount: discount(1, "turn"),
    whitening: defineWhitening("none"),
    epsilon: defineEpsilon(1e-8, "variance"),
  }),
  z.strictObject({
    kind: z.literal("reinforce-plus-plus"),
    discount: discount(1, "token"),
    epsilon: defineEpsilon(1e-8, "variance"),
  }),
  z.strictObject({
    kind: z.literal("reinforce-plus-plus-baseline"),
    epsilon: defineEpsilon(1e-8, "variance"),
  }),
  z.strictObject({
    kind: z.literal("generalized"),
    discount: discount(1, "token"),
    lambda: share.default(1).meta({
      description: "Decay of the critic's errors (lambda)",
    }),
    whitening: defineWhitening("batch"),
    epsilon: defineEpsilon(1e-8, "variance"),
  }),
  customChoiceSchema,
]);

/** Schema of {@link Advantages}: parsing checks ranges and fills in defaults. */
export const advantagesSchema: z.ZodType<Resolved<Advantages>> = schema;

/** Checks at compile time that the types of options and schema agree in both directions. */
const checkType = (record: Resolved<Advantages>): z.output<typeof schema> => record;
void checkType;
