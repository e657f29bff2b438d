import type { Group } from "@turnwise/core";
import { mismatchMetrics } from "@turnwise/estimators";
import type { CreditedRow } from "./credit.ts";

/** Difference between sampler and learner under the same weights; absent without log-probs of a sampler. */
export interface SamplerMismatch {
  /** Largest difference of the log-probs of a token, nats. */
  readonly samplerDifferenceMax?: number;
  /** k3 estimate of KL(sampler, learner before the update), nats per token, `>= 0`. */
  readonly samplerKl?: number;
  /** Effective sample size of the ratios of learner to sampler as a share of the tokens, in (0, 1]. */
  readonly samplerEffectiveShare?: number;
}

/**
 * Measures how far sampler and learner differ on the trained responses. Meaningful at temperature 1,
 * at which the learner scores. Responses without finite log-probs of the sampler are left out, and
 * log-probs that rounding put above 0 count as 0: a measurement must not end a run.
 */
export function measureMismatch(
  groups: readonly Group[],
  rows: readonly CreditedRow[],
): SamplerMismatch {
  const oldLogProbs: number[][] = [];
  const samplerLogProbs: number[][] = [];
  let largest = 0;
  for (const { groupIndex, trajectoryIndex, responses } of rows) {
    const { turns } = groups[groupIndex]!.trajectories[trajectoryIndex]!;
    for (const response of responses) {
      const old = Array.from(response.oldLogProbs, limit);
      const sampled = turns[response.turnIndex]!.samplerLogProbs.map(limit);
      if (old.length === 0 || old.length !== sampled.length) continue;
      if (![...old, ...sampled].every(Number.isFinite)) continue;
      for (const [i, value] of old.entries()) {
        largest = Math.max(largest, Math.abs(value - sampled[i]!));
      }
      oldLogProbs.push(old);
      samplerLogProbs.push(sampled);
    }
  }
  if (oldLogProbs.length === 0) return {};
  const { klK3, effectiveSampleShare } = mismatchMetrics({ oldLogProbs, samplerLogProbs });
  return {
    samplerDifferenceMax: largest,
    samplerKl: klK3,
    samplerEffectiveShare: effectiveSampleShare,
  };
}

const limit = (logProb: number): number => Math.min(0, logProb);
