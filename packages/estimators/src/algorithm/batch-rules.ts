import type { Resolved } from "@turnwise/core";
import * as z from "zod";
import type { OverlongPenaltyOptions } from "../overlong-penalty.ts";
import { customChoiceSchema, type CustomChoice } from "./custom-choice.ts";
import type { OffPolicyMaskOptions, RolloutCorrectionRule } from "../rollout-correction.ts";

interface SequenceChoice {
  readonly emptySequences?: "leave-out" | "count";
}

/** Aggregation of token losses, see `aggregationWeights`. */
export type AggregationRule =
  | { readonly kind: "token-mean" }
  | ({ readonly kind: "seq-mean-token-sum" } & SequenceChoice)
  | ({ readonly kind: "seq-mean-token-mean" } & SequenceChoice)
  | ({ readonly kind: "seq-mean-token-sum-norm"; readonly maxLength: number } & SequenceChoice)
  | ({ readonly kind: "prompt-mean" } & SequenceChoice);

/** Selection of the groups to train on, see `hasLearningSignal` and `refill`. */
export type GroupFilter =
  | { readonly kind: "keep-all" }
  | {
      /** Drops groups whose scores are all equal, and draws replacements (dynamic sampling). */
      readonly kind: "drop-flat";
      readonly maxRounds?: number | null;
      readonly singleton?: "keep" | "drop";
    };

/**
 * Treatment of a truncated or failed trajectory: train on it as usual; mask it from the loss but
 * use its return in the statistics of the group; or treat it as if it had not been sampled.
 */
export type UnfinishedRule = "train" | "mask" | "leave-out";

/** Penalty on long responses. */
export type OverlongRule =
  | { readonly kind: "none" }
  /** See `overlongPenalty`. */
  | ({ readonly kind: "soft"; readonly of?: "response" | "trajectory" } & OverlongPenaltyOptions);

/** Treatment of truncated and failed trajectories. */
export interface TruncationRule {
  readonly truncated?: UnfinishedRule;
  readonly failed?: UnfinishedRule;
  readonly overlong?: OverlongRule;
}

interface DroppedChoice {
  readonly dropped?: "leave-out" | "count";
}

/** Correction of differences between sampler and learner. */
export type RolloutCorrectionChoice =
  | { readonly kind: "none" }
  /** See `rolloutCorrection`; `rolloutCorrections` lists common rules. */
  | ({ readonly kind: "ratio" } & Partial<RolloutCorrectionRule> & DroppedChoice)
  /** See `offPolicyMask`. */
  | ({ readonly kind: "off-policy-mask" } & OffPolicyMaskOptions & DroppedChoice)
  /** A custom correction, see `AlgorithmParts`. */
  | CustomChoice;

const none = z.strictObject({ kind: z.literal("none") });
const count = z.int().positive();

const emptySequences = z.enum(["leave-out", "count"]).default("leave-out").meta({
  description:
    "Sequence whose tokens were all dropped: left out of the mean over sequences, or counted as a loss of 0",
});

const aggregation = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("token-mean") }),
  z.strictObject({ kind: z.literal("seq-mean-token-sum"), emptySequences }),
  z.strictObject({ kind: z.literal("seq-mean-token-mean"), emptySequences }),
  z.strictObject({
    kind: z.literal("seq-mean-token-sum-norm"),
    maxLength: z.number().positive().meta({
      description:
        "Constant by which sums over tokens are divided, usually the maximum response length",
      unit: "tokens",
    }),
    emptySequences,
  }),
  z.strictObject({ kind: z.literal("prompt-mean"), emptySequences }),
]);

const groupFilter = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("keep-all") }),
  z.strictObject({
    kind: z.literal("drop-flat"),
    maxRounds: count.nullable().default(10).meta({
      description:
        "Maximum number of rounds in which groups are drawn, including the first; null for no limit",
      unit: "rounds",
    }),
    singleton: z.enum(["keep", "drop"]).default("keep").meta({
      description: "Treatment of a group with one trajectory",
    }),
  }),
]);

const unfinished = z.enum(["train", "mask", "leave-out"]);
const overlong = z.discriminatedUnion("kind", [
  none,
  z.strictObject({
    kind: z.literal("soft"),
    of: z.enum(["response", "trajectory"]).default("response").meta({
      description:
        "Length that is penalized: of each response, or of all responses of a trajectory",
    }),
    maxLength: count.meta({
      description: "Maximum length without the full penalty",
      unit: "tokens",
    }),
    buffer: count.meta({
      description: "Tokens before maxLength over which the penalty grows from 0 to -1",
      unit: "tokens",
    }),
    beyond: z.enum(["open", "floor"]).default("open").meta({
      description: "Beyond maxLength: the penalty continues to grow, or stays at -1",
    }),
  }),
]);

const truncation = z.strictObject({
  truncated: unfinished.default("train").meta({
    description:
      "Truncated trajectories: trained on like any other, masked from the loss while their returns count for siblings, or treated as not sampled",
  }),
  failed: unfinished.default("leave-out").meta({
    description: "Failed trajectories: trained on, masked, or treated as not sampled, as above",
  }),
  overlong: overlong.default({ kind: "none" }).meta({ description: "Penalty on long responses" }),
});

const dropped = z.enum(["leave-out", "count"]).default("leave-out").meta({
  description: "Treatment of dropped tokens in the lengths of the aggregation",
});

const correction = z.discriminatedUnion("kind", [
  none,
  z.strictObject({
    kind: z.literal("ratio"),
    level: z.enum(["token", "sequence", "geometric-mean"]).default("token").meta({
      description:
        "Ratio of old to sampler probability: of each token, or its product or geometric mean over the sequence",
    }),
    low: z.number().min(0).default(0).meta({ description: "Lower bound of trusted ratios" }),
    high: z.number().min(0).default(2).meta({ description: "Upper bound of trusted ratios" }),
    inside: z.enum(["ratio", "one"]).default("ratio").meta({
      description: "Weight of a trusted ratio: the ratio itself, or 1",
    }),
    outside: z.enum(["limit", "zero"]).default("limit").meta({
      description: "Weight of a ratio outside the bounds: the exceeded bound, or 0",
    }),
    dropped,
  }),
  z.strictObject({
    kind: z.literal("off-policy-mask"),
    maxGap: z.number().min(0).meta({
      description:
        "Sequences with a negative advantage are dropped if the mean of sampler minus old log-prob exceeds this",
      unit: "nats",
    }),
    dropped,
  }),
  customChoiceSchema,
]);

/** Schema of {@link AggregationRule}: parsing checks ranges and fills in defaults. */
export const aggregationSchema: z.ZodType<Resolved<AggregationRule>> = aggregation;
/** Schema of {@link GroupFilter}. */
export const groupFilterSchema: z.ZodType<Resolved<GroupFilter>> = groupFilter;
/** Schema of {@link TruncationRule}. */
export const truncationSchema: z.ZodType<Resolved<TruncationRule>> = truncation;
/** Schema of {@link RolloutCorrectionChoice}. */
export const rolloutCorrectionSchema: z.ZodType<Resolved<RolloutCorrectionChoice>> = correction;

const accepted: readonly unknown[] = [
  (record: Resolved<AggregationRule>): z.output<typeof aggregation> => record,
  (record: Resolved<GroupFilter>): z.output<typeof groupFilter> => record,
  (record: Resolved<TruncationRule>): z.output<typeof truncation> => record,
  (record: Resolved<RolloutCorrectionChoice>): z.output<typeof correction> => record,
];
void accepted;
