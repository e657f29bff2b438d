import type { Trajectory } from "@turnwise/core";
import type { TaskEpisode } from "@turnwise/envs";
import { measureEpisodes, type EpisodeShape } from "./episode-shape.ts";
import type { PlayProbe } from "./probe-policy.ts";

/**
 * Mean episode of a policy while it learns. An imitator's is between the demonstrations and the limit;
 * another policy's has half of the turns, and the responses of its first episodes.
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
  // Responses that fill the probe's limit may go on to the run's.
  const isCut = shape.responseTokens > 0.9 * probe.maxResponseTokens;
  return {
    ...shape,
    turns: Math.max(1, maxTurns / 2),
    ...(isCut && { responseTokens: Math.max(1, maxResponseTokens / 2) }),
  };
}
