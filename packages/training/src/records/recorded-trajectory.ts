import type { Trajectory, Turn } from "@turnwise/core";

/** Minimum, mean and maximum of a ratio over the tokens of a response. */
export interface RatioRange {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Credit that training assigned to one response. Floats have float32 precision. Lists are
 * `[token]`; a single number instead of a list applies to all tokens.
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
  /** Coefficient of the modulator; the mean over tokens if they differ. */
  readonly coefficient: number;
  /** Advantage in the loss, after modulation. */
  readonly advantage: number | readonly number[];
  /** Ratio of the learner's probability before the update to the sampler's; absent without sampler log-probs. */
  readonly samplerRatio?: RatioRange;
  /** Weight of the rollout correction; 0 for dropped tokens; absent if there is no correction. */
  readonly correction?: number | readonly number[];
  /** Targets of the critic; absent if there is no critic. */
  readonly returns?: readonly number[];
  /** Values of the critic before the update; absent if there is no critic. */
  readonly oldValues?: readonly number[];
}

/** Recorded turn: as sampled, with its credit from training. */
export interface RecordedTurn extends Turn {
  /** Credit; absent if the response was not trained on. */
  readonly credit?: TurnCredit;
}

/**
 * Use of a trajectory. `trained`: trained on. `left-out`: excluded from a trained group because of
 * its outcome, or because it has no response. `filtered`: its complete group was dropped.
 * `evaluated`: part of an evaluation.
 */
export type TrajectoryStatus = "trained" | "left-out" | "filtered" | "evaluated";

/** Recorded trajectory. */
export interface RecordedTrajectory extends Omit<Trajectory, "version" | "turns"> {
  /** Version of the record. Version 1 has no credit, stop reasons or status. */
  readonly version: 1 | Trajectory["version"];
  /** Use of the trajectory; absent in version 1. */
  readonly status?: TrajectoryStatus;
  readonly turns: readonly RecordedTurn[];
}
