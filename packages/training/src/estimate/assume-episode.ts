import type { Trajectory } from "@turnwise/core";
import type { TaskEpisode } from "@turnwise/envs";
import { measureEpisodes, type EpisodeShape } from "./episode-shape.ts";
import type { PlayProbe } from "./probe-policy.ts";

/**
 * Estimates the mean episode of a policy during training. After a warm start, its number of turns
 * is halfway between the demonstrations' and the limit. Without a warm start, it is half of the
 * maximum, with responses as long as in the policy's first episodes.
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
  // If responses reach the limit of the probe, assume that they reach the limit of the run.
  const isCut = shape.responseTokens > 0.9 * probe.maxResponseTokens;
  return {
    ...shape,
    turns: Math.max(1, maxTurns / 2),
    ...(isCut && { responseTokens: Math.max(1, maxResponseTokens / 2) }),
  };
}
