import type { Trajectory, Turn } from "@turnwise/core";

/** Spread of a ratio over the tokens of a response. */
export interface RatioRange {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Credit that training assigned to one response. Floats have float32 precision; a list runs over the
 * tokens of the response, and one number in place of a list holds for all of them.
 */
export interface TurnCredit {
  /** Log-probs under the learner before the update, nats, `[token]`. */
  readonly oldLogProbs: readonly number[];
  /** Entropies under the learner before the update, nats, `[token]`. */
  readonly entropies: readonly number[];
  /** Mean of `entropies`, nats per token. */
  readonly meanTokenEntropy: number;
  /** Advantage before modulation. */
  readonly baseAdvantage: number | readonly number[];
  /** The modulator's factor; where tokens differ, the mean over them. */
  readonly coefficient: number;
  /** Advantage that the objective was given. */
  readonly advantage: number | readonly number[];
  /** Ratio of the learner's probability before the update to the sampler's; absent without sampler log-probs. */
  readonly samplerRatio?: RatioRange;
  /** Weight of the rollout correction; absent without one, 0 for dropped tokens. */
  readonly correction?: number | readonly number[];
  /** Targets of the critic, with a critic. */
  readonly returns?: readonly number[];
  /** The critic's values before the update, with a critic. */
  readonly oldValues?: readonly number[];
}

/** A turn as it is stored: as sampled, and as training credited it. */
export interface RecordedTurn extends Turn {
  /** Absent where the response was not trained on. */
  readonly credit?: TurnCredit;
}

/**
 * Use of a trajectory: `trained`; `left-out` of a trained group, because of its outcome or for lack of a
 * response; `filtered` with its whole group; `evaluated`.
 */
export type TrajectoryStatus = "trained" | "left-out" | "filtered" | "evaluated";

/** A trajectory as it is stored. */
export interface RecordedTrajectory extends Omit<Trajectory, "version" | "turns"> {
  /** Version of the record. Version 1 has no credit, stop reasons or status. */
  readonly version: 1 | Trajectory["version"];
  /** Absent in version 1. */
  readonly status?: TrajectoryStatus;
  readonly turns: readonly RecordedTurn[];
}
