import type { Group } from "@turnwise/core";
import { mismatchMetrics } from "@turnwise/estimators";
import type { CreditedRow } from "./credit.ts";

/**
 * Difference between sampler and learner under the same weights; without log-probs of a sampler,
 * all fields are absent.
 */
export interface SamplerMismatch {
  /** Largest difference of a token's log-probs, nats. */
  readonly samplerDifferenceMax?: number;
  /** k3 estimate of KL(sampler, learner before the update), nats per token, `>= 0`. */
  readonly samplerKl?: number;
  /** Effective sample size of the ratios of learner to sampler as a share of the tokens, in (0, 1]. */
  readonly samplerEffectiveShare?: number;
}

/**
 * Measures how far sampler and learner differ on the trained responses. The result is meaningful at
 * temperature 1, at which the learner scores. Responses without finite log-probs of the sampler are
 * skipped. Log-probs that rounding made positive count as 0, because a measurement must not end a
 * run.
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
