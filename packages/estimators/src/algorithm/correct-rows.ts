import { mean } from "@turnwise/core";
import { offPolicyMask, rolloutCorrection } from "../rollout-correction.ts";
import type { ResolvedAlgorithm } from "./algorithm.ts";

/**
 * Row of the batch as input of the correction; lists are `[token]` over all responses of the row.
 */
export interface CorrectionRow {
  /** Log-probs of the learner before the update, nats. */
  readonly oldLogProbs: ArrayLike<number>;
  /** Log-probs of the sampler, nats. */
  readonly samplerLogProbs: ArrayLike<number>;
  /** Advantages after modulation. */
  readonly advantages: ArrayLike<number>;
}

/** Weights of tokens from the correction, `[row][token]`. */
export interface CorrectedRows {
  readonly weights: number[][];
  /** False for dropped tokens, `[row][token]`. */
  readonly isKept: boolean[][];
  /** Share of corrected tokens and mismatch statistics, for logging; empty without a correction. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Applies the rollout correction of an algorithm to the rows of an iteration. */
export function correctRows(
  choice: Exclude<ResolvedAlgorithm["rolloutCorrection"], { kind: "custom" }>,
  rows: readonly CorrectionRow[],
): CorrectedRows {
  if (choice.kind === "none") {
    return {
      weights: rows.map((row) => Array<number>(row.oldLogProbs.length).fill(1)),
      isKept: rows.map((row) => Array<boolean>(row.oldLogProbs.length).fill(true)),
      metrics: {},
    };
  }
  const oldLogProbs = rows.map((row) => Array.from(row.oldLogProbs));
  const samplerLogProbs = rows.map((row) => Array.from(row.samplerLogProbs));
  if (choice.kind === "off-policy-mask") {
    const advantages = rows.map(({ advantages: own }) => (own.length === 0 ? 0 : mean(own)));
    const stays = offPolicyMask(advantages, oldLogProbs, samplerLogProbs, choice);
    const numTokens = oldLogProbs.reduce((sum, row) => sum + row.length, 0);
    const numDropped = oldLogProbs.reduce((sum, row, i) => sum + (stays[i] ? 0 : row.length), 0);
    return {
      weights: oldLogProbs.map((row, i) => row.map(() => (stays[i] ? 1 : 0))),
      isKept: oldLogProbs.map((row, i) => row.map(() => stays[i]!)),
      metrics: { rolloutDropped: numTokens === 0 ? 0 : numDropped / numTokens },
    };
  }
  const { weights, isKept, droppedShare, limitedShare, mismatch } = rolloutCorrection(
    { oldLogProbs, samplerLogProbs },
    choice,
  );
  return {
    weights,
    isKept,
    metrics: {
      rolloutDropped: droppedShare,
      rolloutLimited: limitedShare,
      rolloutRatioMean: mismatch.meanRatio,
      rolloutRatioMax: mismatch.maxRatio,
      rolloutKl: mismatch.klK3,
      rolloutEffectiveShare: mismatch.effectiveSampleShare,
    },
  };
}

/** True if the correction can drop tokens that the aggregation would count. */
export function dropsTokens(choice: ResolvedAlgorithm["rolloutCorrection"]): boolean {
  if (choice.kind === "none") return false;
  if (choice.kind === "custom") return true;
  const drops = choice.kind === "off-policy-mask" || choice.outside === "zero";
  return drops && choice.dropped === "leave-out";
}
