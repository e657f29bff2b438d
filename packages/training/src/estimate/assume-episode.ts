import type { Trajectory } from "@turnwise/core";
import type { TaskEpisode } from "@turnwise/envs";
import { measureEpisodes, type EpisodeShape } from "./episode-shape.ts";
import type { PlayProbe } from "./probe-policy.ts";

/**
 * Assumes the mean episode of a policy during training. After a warm start, its number of turns lies
 * halfway between the demonstrations and the limit; otherwise it has half of the maximum turns, and
 * responses as long as in its first episodes.
 *
 * @param imitated - Mean demonstration of a warm start, if any.
 * @param played - First episodes of the policy.
 */
export function assumeEpisode(
  { maxTurns, maxResponseTokens }: TaskEpisode & { readonly maxResponseTokens: number },
  imitated: EpisodeShape | undefined,
  probe: Pick<PlayProbe, "maxResponseTokens">,
  played: readonly Trajectory[],
): EpisodeShape {
  if (imitated !== undefined) return { ...imitated, turns: (imitated.turns + maxTurns) / 2 };
  const shape = measureEpisodes(played);
  // Responses that reach the probe's limit may grow to the run's limit.
  const isCut = shape.responseTokens > 0.9 * probe.maxResponseTokens;
  return {
    ...shape,
    turns: Math.max(1, maxTurns / 2),
    ...(isCut && { responseTokens: Math.max(1, maxResponseTokens / 2) }),
  };
}
