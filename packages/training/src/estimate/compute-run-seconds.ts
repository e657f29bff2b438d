import { sum } from "@turnwise/core";
import type { TaskSource } from "@turnwise/envs";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { countReadTasks } from "../run/warm-start.ts";
import { countRowTokens, type EpisodeShape } from "./episode-shape.ts";
import type { LearnerProbe, PlayProbe } from "./probe-policy.ts";

/** Measured speeds. */
export interface RunSpeeds extends Omit<PlayProbe, "trajectories">, LearnerProbe {
  /** Time to record a demonstration; 0 if none is recorded. */
  readonly secondsPerDemonstration: number;
}

/** Time of each stage of a run, seconds. */
export interface RunSeconds {
  readonly warmStart: number;
  readonly iteration: number;
  readonly evaluations: number;
  readonly total: number;
}

/** Mean episodes of a run, from which its time is computed. */
export interface RunEpisodes {
  readonly episode: EpisodeShape;
  /** Mean demonstration of the warm start; absent if there is no warm start. */
  readonly demonstration: EpisodeShape | undefined;
  /** Share of the demonstrations that are imitated, in [0, 1]. Default 1. */
  readonly imitatedShare?: number | undefined;
}

/** Computes the time of one turn, with all episodes running concurrently. */
export function computeTurnSeconds(
  { secondsPerTurn, secondsPerToken }: Pick<RunSpeeds, "secondsPerTurn" | "secondsPerToken">,
  { responseTokens }: EpisodeShape,
): number {
  return secondsPerTurn + (responseTokens - 1) * secondsPerToken;
}

/**
 * Computes the time of each stage of a run.
 * @param numScores - Number of scoring passes per iteration: 1, or 2 with a reference policy.
 */
export function computeRunSeconds(
  config: ExperimentSettings,
  tasks: Pick<TaskSource, "training" | "evaluation">,
  speeds: RunSpeeds,
  { episode, demonstration, imitatedShare = 1 }: RunEpisodes,
  numScores: number,
): RunSeconds {
  const { training, warmStart, evaluation } = config;
  const secondsPerEpisode = episode.turns * computeTurnSeconds(speeds, episode);
  const numEpisodes = training.groupsPerIteration * training.groupSize;
  const rowTokens = numEpisodes * countRowTokens(episode);
  const iteration =
    numEpisodes * secondsPerEpisode +
    (numScores * rowTokens) / speeds.scored +
    (training.epochs * rowTokens) / speeds.trained;

  const sizes = tasks.evaluation.map((split) => split.tasks.length);
  const numBetween =
    evaluation.every === 0 ? 0 : Math.max(0, Math.ceil(training.iterations / evaluation.every) - 1);
  const numEvaluated = 2 * evaluation.modes.length * sum(sizes) + numBetween * (sizes[0] ?? 0);
  const evaluations = numEvaluated * secondsPerEpisode;

  const imitatedTokens =
    demonstration === undefined
      ? 0
      : warmStart.epochs *
        imitatedShare *
        Math.min(tasks.training.length, warmStart.numDemonstrations) *
        countRowTokens(demonstration);
  const numRecorded =
    demonstration === undefined ? 0 : Math.min(tasks.training.length, countReadTasks(config));
  const warmStartSeconds =
    imitatedTokens / speeds.imitated + numRecorded * speeds.secondsPerDemonstration;
  return {
    warmStart: warmStartSeconds,
    iteration,
    evaluations,
    total: warmStartSeconds + training.iterations * iteration + evaluations,
  };
}
