/** Counts of a phase of work. */
export interface PhaseCounts {
  readonly done: number;
  readonly total: number;
  readonly unit: "episodes" | "tokens";
  /** Number of failed episodes among the completed ones. */
  readonly failed?: number;
}

/** Work that a run does now, as numbers. */
export interface WorkInProgress {
  /** `iteration 3 of 150`, `evaluation, before` or `warm start`. */
  readonly label: string;
  /** `collect`, `score`, `update`, or the part of another stage. */
  readonly phase: string;
  /** Completed share of the phase, in [0, 1]. */
  readonly share: number;
  readonly counts?: PhaseCounts | undefined;
  readonly tokensPerSecond?: number | undefined;
  /** Estimated time left of the phase, and of the run, seconds. */
  readonly secondsLeft?: number | undefined;
  readonly runSecondsLeft?: number | undefined;
}

/** A trajectory worth a look. */
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
  /** Metrics of the iterations before a resumed run continued. */
  | {
      readonly kind: "history";
      readonly iterations: readonly Readonly<Record<string, unknown>>[];
    };
