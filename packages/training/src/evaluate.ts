import type { Group, Random, Sampler, Task, Tokenizer } from "@turnwise/core";
import { rolloutGroup, type RolloutParts } from "@turnwise/envs";
import { successByKind, trajectoryMetrics, type Metrics } from "./metrics.ts";

/** How an evaluation went. */
export interface EvaluationReport {
  readonly metrics: Metrics;
  /** Share of successes by kind of task. */
  readonly byKind: Metrics;
  readonly groups: readonly Group[];
}

/**
 * Plays each task, as often as is asked for.
 * @param name - Names the evaluation, and so its draws.
 * @param temperature - 0 plays greedily.
 */
export async function evaluate(
  name: string,
  tasks: readonly Task[],
  temperature: number,
  parts: Omit<RolloutParts, "policyVersion"> & {
    readonly sampler: Sampler;
    readonly tokenizer: Tokenizer;
    readonly policyVersion: number;
    readonly random: Random;
    /** Episodes of each task, `>= 1`. Default 1. */
    readonly numSamples?: number;
    readonly onProgress?: (done: number) => void;
  },
): Promise<EvaluationReport> {
  const { numSamples = 1 } = parts;
  let numEnded = 0;
  const rolloutParts: RolloutParts = {
    ...parts,
    options: { ...parts.options, temperature },
    onEnd: () => parts.onProgress?.(++numEnded / (tasks.length * numSamples)),
  };
  const groups = await Promise.all(
    tasks.map((task, i) =>
      rolloutGroup(task, numSamples, rolloutParts, {
        id: `${name}/${i}`,
        random: parts.random.fork(`${name}/${i}`),
      }),
    ),
  );
  const trajectories = groups.flatMap((group) => group.trajectories);
  return {
    metrics: trajectoryMetrics(trajectories),
    byKind: successByKind(trajectories),
    groups,
  };
}
