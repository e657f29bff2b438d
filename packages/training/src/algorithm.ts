import { modulationCoefficients } from "@turnwise/aem";
import { trajectoryReturn, type Group } from "@turnwise/core";
import {
  addObjectives,
  clippedSurrogate,
  entropyBonus,
  grpoPresets,
  hasLearningSignal,
  isCutShort,
  klPenalty,
  responseAdvantages,
  rowAdvantages,
  rowScores,
  scaleObjective,
  valueLoss,
  type GrpoPreset,
} from "@turnwise/estimators";
import { z } from "zod";
import { count, nonNegative, positive, share } from "./config-parts.ts";
import { sharedCredits } from "./credit.ts";
import { criticCredits } from "./critic-credits.ts";
import type { Recipe } from "./iteration.ts";

/** What an algorithm is made of: the choices of `AlgorithmRecipe` in `@turnwise/estimators`. */
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

/** Responses of which a group may be trained: what broke says nothing about the policy. */
function withoutFailures(group: Group, cutShort: AlgorithmConfig["cutShort"]): Group {
  const trajectories = group.trajectories.filter(({ outcome }) =>
    cutShort === "leave-out" ? !isCutShort(outcome) : outcome.kind !== "failed",
  );
  return { ...group, trajectories };
}

/** A group whose penalties are part of its rewards. */
function withPenalties(group: Group): Group {
  const trajectories = group.trajectories.map((trajectory) => ({
    ...trajectory,
    turns: trajectory.turns.map(({ penalty = 0, ...turn }) => ({
      ...turn,
      reward: turn.reward - penalty,
    })),
  }));
  return { ...group, trajectories };
}

/** Puts the parts of an algorithm together. */
export function composeAlgorithm(
  algorithm: AlgorithmConfig,
  modulation: z.infer<typeof modulationSchema>,
): Omit<Recipe, "groupsPerIteration" | "groupSize" | "minibatches" | "epochs"> {
  const { clipLow, clipHigh, dualClip, ratioLevel, klCoefficient, entropyCoefficient } = algorithm;
  const { credit, critic, cutShort, flatGroups, maxRounds, aggregation } = algorithm;
  const preset = grpoPresets[algorithm.advantages];
  const objectives = [
    clippedSurrogate({
      clipLow,
      clipHigh,
      ratioLevel,
      ...(dualClip !== null && { dualClip }),
      // GSPO's ratios are means of many: verl lets them grow less.
      ...(ratioLevel !== "token" && { logRatioLimits: [-20, 10] as const }),
    }),
  ];
  if (klCoefficient > 0) objectives.push(scaleObjective(klCoefficient, klPenalty({ limit: 10 })));
  if (entropyCoefficient > 0) objectives.push(scaleObjective(entropyCoefficient, entropyBonus()));
  if (critic !== null) {
    objectives.push(scaleObjective(critic.coefficient, valueLoss({ clip: critic.clip })));
  }
  const scoresOf = (group: Group): number[] =>
    credit === "response"
      ? rowScores(group).flat()
      : withPenalties(group).trajectories.map(trajectoryReturn);
  return {
    usable: (group) => withoutFailures(group, cutShort),
    keep: (group) => flatGroups === "keep" || hasLearningSignal(scoresOf(group)),
    maxRounds,
    estimate: (groups, rows, scores) =>
      critic === null
        ? sharedCredits(
            rows,
            credit === "response"
              ? rowAdvantages(groups, preset)
              : responseAdvantages(groups.map(withPenalties), preset),
          )
        : criticCredits(groups, rows, scores, critic),
    isTrainedOn: ({ outcome }) => cutShort !== "count" || !isCutShort(outcome),
    coefficients: (entropies) =>
      modulation.kind === "aem"
        ? modulationCoefficients(entropies, modulation)
        : entropies.map(() => 1),
    objective: addObjectives(...objectives),
    aggregation,
  };
}
