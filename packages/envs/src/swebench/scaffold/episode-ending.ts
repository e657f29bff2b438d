import type { Trajectory } from "@turnwise/core";

/** Why an episode ended, in the classes that compact filtering tells apart. */
export type EpisodeEnding = "submit" | "steps" | "context" | "time" | "infrastructure";

/** The class of a trajectory. */
export function episodeEnding({ outcome }: Pick<Trajectory, "outcome">): EpisodeEnding {
  if (outcome.kind === "terminated") return "submit";
  if (outcome.kind === "failed") return "infrastructure";
  return outcome.limit === "turns" ? "steps" : outcome.limit === "tokens" ? "context" : "time";
}

/**
 * Compact filtering: what a recipe keeps. DeepSWE leaves out all that ended by a limit; what the
 * infrastructure broke is always left out, so that it never moves a baseline.
 * @param trajectories - Siblings, or all of an iteration.
 * @param kept - Classes that stay. Default `submit` alone.
 */
export function compactFilter<T extends Pick<Trajectory, "outcome">>(
  trajectories: readonly T[],
  kept: readonly Exclude<EpisodeEnding, "infrastructure">[] = ["submit"],
): T[] {
  return trajectories.filter((trajectory) => {
    const ending = episodeEnding(trajectory);
    return ending !== "infrastructure" && kept.includes(ending);
  });
}
