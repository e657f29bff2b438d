import { modulationCoefficients } from "@turnwise/aem";
import {
  compileAlgorithm,
  grpoPresets,
  type Algorithm,
  type GrpoPreset,
  type UnfinishedRule,
} from "@turnwise/estimators";
import { z } from "zod";
import { count, nonNegative, positive, share } from "./config-parts.ts";
import type { Recipe } from "./iteration.ts";

/** Settings from which {@link algorithmRecord} makes an `Algorithm` of `@turnwise/estimators`. */
export const algorithmSchema = z.strictObject({
  /** Whose group-relative advantage: the preset's name; not read with a critic. */
  advantages: z.custom<GrpoPreset>(
    (name) => typeof name === "string" && Object.hasOwn(grpoPresets, name),
    { error: `one of ${Object.keys(grpoPresets).join(", ")}` },
  ),
  /** A critic in the place of siblings, as in PPO; `null` for none. */
  critic: z
    .strictObject({
      /** Worth of a reward one token later. */
      discount: share,
      /** How far errors of the critic are carried back. */
      lambda: share,
      /** How far a value may move in one update before it is clipped. */
      clip: positive,
      /** Weight of the critic's loss. */
      coefficient: positive,
    })
    .nullable(),
  /**
   * Who answers for a penalty: the response that it was for, whose score is then its own, or the
   * whole trajectory.
   */
  credit: z.enum(["response", "trajectory"]),
  clipLow: share,
  clipHigh: nonNegative,
  /** The least loss of a negative advantage is this times it, `> 1`; `null` for none. */
  dualClip: z.number().finite().gt(1).nullable(),
  ratioLevel: z.enum(["token", "response", "response-token"]),
  /** Weight of the k3 divergence from the starting policy; 0 for none. */
  klCoefficient: nonNegative,
  /** Weight of the entropy bonus; 0 for none. */
  entropyCoefficient: nonNegative,
  aggregation: z.enum(["token-mean", "seq-mean-token-sum", "seq-mean-token-mean", "prompt-mean"]),
  /** Whether groups without a learning signal are trained on, as context of means. */
  flatGroups: z.enum(["keep", "drop"]),
  /** Rounds of drawing to replace what was dropped, the first included. */
  maxRounds: count,
  /**
   * Trajectories that a limit cut short: trained on as any other; kept out of the loss while their
   * returns count for their siblings; or as if they had not been sampled.
   */
  cutShort: z.enum(["train", "count", "leave-out"]),
});

/** See {@link algorithmSchema}. */
export type AlgorithmConfig = z.infer<typeof algorithmSchema>;

/** How AEM is applied. */
export const modulationSchema = z.strictObject({
  kind: z.enum(["aem", "none"]),
  strength: nonNegative,
  minEntropyRange: nonNegative,
});

/** Treatment of truncated trajectories by the setting `cutShort`. */
const truncatedRules: Readonly<Record<AlgorithmConfig["cutShort"], UnfinishedRule>> = {
  train: "train",
  count: "mask",
  "leave-out": "leave-out",
};

/** The algorithm of a configuration as a record. */
export function algorithmRecord(algorithm: AlgorithmConfig): Algorithm {
  const { clipLow, clipHigh, dualClip, ratioLevel, klCoefficient, entropyCoefficient } = algorithm;
  const { advantages, credit, critic, cutShort, flatGroups, maxRounds, aggregation } = algorithm;
  return {
    advantages:
      critic === null
        ? {
            kind: "group",
            ...grpoPresets[advantages],
            credit,
            ...(credit === "response" && { statisticsOver: "responses" as const }),
          }
        : { kind: "generalized", discount: critic.discount, lambda: critic.lambda },
    surrogate: {
      kind: "clipped",
      clipLow,
      clipHigh,
      dualClip,
      ratioLevel,
      // GSPO's ratios are means over many tokens: verl limits them more.
      ...(ratioLevel !== "token" && { logRatioLimits: [-20, 10] as const }),
    },
    kl:
      klCoefficient > 0
        ? { kind: "loss", coefficient: klCoefficient, limit: 10 }
        : { kind: "none" },
    entropyBonus:
      entropyCoefficient > 0
        ? { kind: "bonus", coefficient: entropyCoefficient }
        : { kind: "none" },
    valueLoss:
      critic === null
        ? { kind: "none" }
        : { kind: "squared", coefficient: critic.coefficient, clip: critic.clip },
    aggregation: { kind: aggregation },
    groupFilter: flatGroups === "keep" ? { kind: "keep-all" } : { kind: "drop-flat", maxRounds },
    truncation: { truncated: truncatedRules[cutShort], failed: "leave-out" },
    rolloutCorrection: { kind: "none" },
  };
}

/** Puts the parts of an algorithm together. */
export function composeAlgorithm(
  algorithm: AlgorithmConfig,
  modulation: z.infer<typeof modulationSchema>,
): Omit<Recipe, "groupsPerIteration" | "groupSize" | "minibatches" | "epochs"> {
  const { usable, keep, credit, initialState, isTrainedOn, objective } = compileAlgorithm(
    algorithmRecord(algorithm),
  );
  return {
    usable,
    keep,
    maxRounds: algorithm.maxRounds,
    estimate: (groups, rows, scores) => credit({ groups, rows, scores }, initialState).credits,
    isTrainedOn,
    coefficients: (entropies) =>
      modulation.kind === "aem"
        ? modulationCoefficients(entropies, modulation)
        : entropies.map(() => 1),
    objective,
    aggregation: algorithm.aggregation,
  };
}
