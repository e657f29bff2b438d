import type { Group, Random, Task } from "@turnwise/core";
import type { EpisodeParts, RolloutOptions } from "@turnwise/envs";
import { computeSuccessByKind, measureTrajectories, type Metrics } from "../loop/metrics.ts";
import type { PolicyParts } from "../policy/evaluated-policy.ts";
import { playGroups, type PlayOptions } from "../loop/play-groups.ts";
import { countStopReasons, type StopReason } from "./count-stop-reasons.ts";

/** Result of an evaluation. */
export interface EvaluationReport {
  readonly metrics: Metrics;
  /** Success rates by kind of task. */
  readonly byKind: Metrics;
  /** Stop reasons, the most frequent first. */
  readonly stops: readonly StopReason[];
  readonly groups: readonly Group[];
}

/**
 * Plays each task `numSamples` times.
 * @param name - Name of the evaluation, from which its random streams are forked.
 * @param temperature - Sampling temperature; 0 is greedy. Scripted players ignore it.
 * @throws `LostInfrastructure` if too many episodes fail for longer than the tolerance allows.
 */
export async function evaluate(
  name: string,
  tasks: readonly Task[],
  temperature: number,
  parts: PolicyParts &
    Omit<EpisodeParts, "options"> & {
      readonly options: RolloutOptions;
      readonly random: Random;
      /** Number of episodes per task, `>= 1`. Default 1. */
      readonly numSamples?: number;
    } & PlayOptions,
): Promise<EvaluationReport> {
  const { numSamples = 1, random } = parts;
  const plans = tasks.map((task, i) => {
    const id = `${name}/${i}`;
    return { id, task, random: random.fork(id) };
  });
  const rolloutParts = { ...parts, options: { ...parts.options, temperature } };
  return summarizeEvaluation(await playGroups(plans, numSamples, rolloutParts, parts));
}

/** Summarizes an evaluation, complete or not. */
export function summarizeEvaluation(groups: readonly Group[]): EvaluationReport {
  const trajectories = groups.flatMap((group) => group.trajectories);
  return {
    metrics: measureTrajectories(trajectories),
    byKind: computeSuccessByKind(trajectories),
    stops: countStopReasons(trajectories),
    groups,
  };
}
