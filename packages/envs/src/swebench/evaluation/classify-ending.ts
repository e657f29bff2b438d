import type { Trajectory } from "@turnwise/core";

/** Reasons for the end of an episode, as used by compact filtering. */
export type EpisodeEnding = "submit" | "steps" | "context" | "time" | "infrastructure";

/** Classifies the end of a trajectory. */
export function classifyEnding({ outcome }: Pick<Trajectory, "outcome">): EpisodeEnding {
  if (outcome.kind === "terminated") return "submit";
  if (outcome.kind === "failed") return "infrastructure";
  return outcome.limit === "turns" ? "steps" : outcome.limit === "tokens" ? "context" : "time";
}

/**
 * Compact filtering: selects the trajectories to train on. DeepSWE drops all trajectories that a
 * limit ended. Infrastructure failures are always dropped, so that they never affect a baseline.
 * @param trajectories - Trajectories of a group, or of an iteration.
 * @param kept - Endings to keep. Default: only `submit`.
 */
export function compactFilter<T extends Pick<Trajectory, "outcome">>(
  trajectories: readonly T[],
  kept: readonly Exclude<EpisodeEnding, "infrastructure">[] = ["submit"],
): T[] {
  return trajectories.filter((trajectory) => {
    const ending = classifyEnding(trajectory);
    return ending !== "infrastructure" && kept.includes(ending);
  });
}
