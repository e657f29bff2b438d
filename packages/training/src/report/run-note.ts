/** Counts of a phase of work. */
export interface PhaseCounts {
  readonly done: number;
  readonly total: number;
  readonly unit: "episodes" | "tokens";
  /** Number of failed episodes among the completed ones. */
  readonly failed?: number;
}

/** Current work of a run, as numbers. */
export interface WorkInProgress {
  /** Stage: `iteration 3 of 150`, `evaluation, before` or `warm start`. */
  readonly label: string;
  /** Phase: `collect`, `score`, `update`, or a part of another stage. */
  readonly phase: string;
  /** Completed share of the phase, in [0, 1]. */
  readonly share: number;
  readonly counts?: PhaseCounts | undefined;
  readonly tokensPerSecond?: number | undefined;
  /** Estimated remaining time of the phase and of the run, seconds. */
  readonly secondsLeft?: number | undefined;
  readonly runSecondsLeft?: number | undefined;
}

/** A notable trajectory. */
export interface NotableTrajectory {
  readonly reason: string;
  readonly iteration: number;
  /** Position of the group in the iteration, from 0. */
  readonly group: number;
  /** Position of the trajectory in the group, from 0. */
  readonly trajectory: number;
  readonly taskId: string;
  readonly outcome: string;
  readonly actions: readonly string[];
}

/** Record for a live screen, in addition to a run's lines. */
export type RunNote =
  | { readonly kind: "trajectory"; readonly trajectory: NotableTrajectory }
  /** Metrics of the iterations before a run was resumed. */
  | {
      readonly kind: "history";
      readonly iterations: readonly Readonly<Record<string, unknown>>[];
    };
