import type { EndActivity, EpisodeActivity } from "@turnwise/envs";

/** Phase of a run that is in progress, such as `collect` or `update`. */
export interface PhaseActivity {
  readonly kind: "phase";
  readonly name: string;
  /** Iteration from 1; for evaluations and checkpoints, the number of iterations before them. */
  readonly iteration: number;
}

/** Work of a run that is in progress. */
export type Activity = EpisodeActivity | PhaseActivity;

/** Called at the start of each activity; the result is called at its end. */
export type ObserveActivity = (activity: Activity) => EndActivity;

/** An activity that has not ended. */
export interface PendingActivity {
  readonly activity: Activity;
  /** Time of the start by the tracker's clock, milliseconds. */
  readonly startedAt: number;
}

/** Record of the work that a run waits for. */
export interface ActivityTracker {
  readonly observe: ObserveActivity;
  /** Records progress within an activity, such as trained tokens. */
  readonly touch: () => void;
  /** Activities that have not ended, in the order of their starts. */
  listPending(): readonly PendingActivity[];
  /** Time of the most recent start, end or touch by the tracker's clock, milliseconds. */
  getProgressTime(): number;
}

/**
 * Creates a tracker.
 * @param now - Clock, milliseconds.
 */
export function createActivityTracker(now: () => number): ActivityTracker {
  const pending = new Set<PendingActivity>();
  let progressAt = now();
  const touch = (): void => {
    progressAt = now();
  };
  return {
    observe: (activity) => {
      touch();
      const entry = { activity, startedAt: progressAt };
      pending.add(entry);
      return () => {
        if (pending.delete(entry)) touch();
      };
    },
    touch,
    listPending: () => [...pending],
    getProgressTime: () => progressAt,
  };
}

/** Combines observers into one that calls each of them for every activity. */
export function joinObservers(observers: readonly ObserveActivity[]): ObserveActivity {
  return (activity) => {
    const ends = observers.map((observe) => observe(activity));
    return (trajectory) => ends.forEach((end) => end(trajectory));
  };
}

/** Runs a phase of work under an observer, if there is one. */
export async function watchPhase<T>(
  observe: ObserveActivity | undefined,
  phase: Omit<PhaseActivity, "kind">,
  work: () => Promise<T>,
): Promise<T> {
  const end = observe?.({ kind: "phase", ...phase });
  try {
    return await work();
  } finally {
    end?.();
  }
}
