import type { Objective, Resolved } from "@turnwise/core";
import * as z from "zod";
import { cispoSurrogate, type CispoSurrogateOptions } from "../cispo-surrogate.ts";
import { clippedSurrogate, type ClippedSurrogateOptions } from "../clipped-surrogate.ts";
import {
  geometricMeanSurrogate,
  type GeometricMeanSurrogateOptions,
} from "../geometric-mean-surrogate.ts";
import { defaultLogRatioLimits } from "../log-ratio.ts";
import {
  importanceSampling,
  policyGradient,
  type ImportanceSamplingOptions,
} from "../policy-gradient.ts";
import { sapoSurrogate, type SapoSurrogateOptions } from "../sapo-surrogate.ts";
import { findPart } from "./find-part.ts";
import { customChoiceSchema, type CustomChoice } from "./custom-choice.ts";

/** Surrogate loss of an algorithm. `algorithmSchema` describes every field. */
export type Surrogate =
  /**
   * PPO's clip, with DAPO's two bounds, dual clip and ratio cap; with `ratioLevel` `"response"` it
   * is GSPO, with `"response-token"` gspo-token. See `clippedSurrogate`.
   */
  | ({ readonly kind: "clipped" } & ClippedSurrogateOptions)
  /** See `cispoSurrogate`. */
  | ({ readonly kind: "cispo" } & CispoSurrogateOptions)
  /** See `sapoSurrogate`. */
  | ({ readonly kind: "sapo" } & SapoSurrogateOptions)
  /** See `geometricMeanSurrogate`. */
  | ({ readonly kind: "gmpo" } & GeometricMeanSurrogateOptions)
  /** REINFORCE; correct only on-policy. See `policyGradient`. */
  | { readonly kind: "policy-gradient" }
  /** See `importanceSampling`. */
  | ({ readonly kind: "importance-sampling" } & ImportanceSamplingOptions)
  /** A custom loss, see `AlgorithmParts`. */
  | CustomChoice;

const nonNegative = z.number().min(0);
const aboveOne = z.number().gt(1).nullable().default(null);

const logRatioLimits = z
  .tuple([z.number().max(0), z.number().min(0)])
  .readonly()
  .default(defaultLogRatioLimits)
  .meta({ description: "Limits of the log-ratio before exponentiation", unit: "nats" });

const schema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("clipped"),
    clipLow: z.number().min(0).max(1).default(0.2).meta({
      description: "Lower clip bound, as distance below 1",
    }),
    clipHigh: nonNegative.default(0.2).meta({
      description: "Upper clip bound, as distance above 1",
    }),
    dualClip: aboveOne.meta({
      description:
        "Dual clip: the loss of a negative advantage is at most this factor times the advantage's size; null for no limit",
    }),
    ratioCap: aboveOne.meta({
      description: "Upper bound of the ratio, even where it is not clipped; null for no cap",
    }),
    ratioLevel: z.enum(["token", "response", "response-token"]).default("token").meta({
      description:
        "Level of the ratio: each token, the response (GSPO), or the response with token gradients (gspo-token)",
    }),
    logRatioLimits,
  }),
  z.strictObject({
    kind: z.literal("cispo"),
    minRatio: nonNegative.default(0).meta({
      description: "Lower clip bound of the ratio",
    }),
    maxRatio: nonNegative.default(5).meta({
      description: "Upper clip bound of the ratio",
    }),
    logRatioLimits,
  }),
  z.strictObject({
    kind: z.literal("sapo"),
    positiveTemperature: z.number().positive().default(1).meta({
      description: "Steepness of the gate for positive advantages",
    }),
    negativeTemperature: z.number().positive().default(1.05).meta({
      description: "Steepness of the gate for advantages that are 0 or negative",
    }),
    logRatioLimits,
  }),
  z.strictObject({
    kind: z.literal("gmpo"),
    clipLow: nonNegative.default(0.4).meta({
      description: "Lower clip bound of a token's log-ratio, as distance below 0",
      unit: "nats",
    }),
    clipHigh: nonNegative.default(0.4).meta({
      description: "Upper clip bound of a token's log-ratio, as distance above 0",
      unit: "nats",
    }),
    logRatioLimits,
  }),
  z.strictObject({ kind: z.literal("policy-gradient") }),
  z.strictObject({ kind: z.literal("importance-sampling"), logRatioLimits }),
  customChoiceSchema,
]);

/** Schema of {@link Surrogate}: parsing checks ranges and fills in defaults. */
export const surrogateSchema: z.ZodType<Resolved<Surrogate>> = schema;

const checkType = (record: Resolved<Surrogate>): z.output<typeof schema> => record;
void checkType;

/**
 * Creates the objective of a surrogate.
 * @param part - Component of a custom choice.
 */
export function compileSurrogate(
  surrogate: Resolved<Surrogate>,
  part: Objective | undefined,
): Objective {
  switch (surrogate.kind) {
    case "clipped":
      return clippedSurrogate(surrogate);
    case "cispo":
      return cispoSurrogate(surrogate);
    case "sapo":
      return sapoSurrogate(surrogate);
    case "gmpo":
      return geometricMeanSurrogate(surrogate);
    case "policy-gradient":
      return policyGradient();
    case "custom":
      return findPart("surrogate", surrogate, part);
  }
  return importanceSampling(surrogate satisfies { kind: "importance-sampling" });
}
