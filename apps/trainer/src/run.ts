import { NonFiniteError, type Random } from "@turnwise/core";
import type { AgentFormat, RolloutParts } from "@turnwise/envs";
import type { LocalPolicy, LocalPolicyOptions } from "@turnwise/policy/local";
import type { GameSource } from "./alfworld-games.ts";
import type { TrainConfig } from "./config.ts";
import type { Reporter } from "./progress.ts";
import type { RunFolder, RunState } from "./run-folder.ts";

/** What is the same in all stages of a run. */
export interface Run {
  readonly folder: RunFolder;
  readonly config: TrainConfig;
  readonly reporter: Reporter;
  readonly games: GameSource;
  readonly format: AgentFormat;
  readonly random: Random;
}

/** Where a run begins. */
export const freshState: RunState = {
  warmStartEpochs: 0,
  iterations: 0,
  isEvaluatedBefore: false,
  isEvaluatedAfter: false,
};

/** The folder, within a run's, of the policy that was warm-started. */
export const warmStartFolder = "warm-start";

/** The folder, within a run's, of the policy that was trained. */
export const policyFolder = "policy";

/** What all policies of a run are made with, but for their weights and learning rate. */
export function policyOptions(
  run: Run,
): Pick<LocalPolicyOptions, "seed" | "threads" | "microbatchTokens"> {
  const { threads, microbatchTokens } = run.config.engine;
  return { seed: run.random.fork("weights").seed, threads, microbatchTokens };
}

/** How a policy of this run plays. */
export function rolloutPartsOf(run: Run, policy: LocalPolicy): Omit<RolloutParts, "policyVersion"> {
  const { maxTurns, maxResponseTokens, invalidActionPenalty } = run.config.episode;
  return {
    createEnvironment: run.games.createEnvironment,
    format: run.format,
    sampler: policy.sampler,
    tokenizer: policy.tokenizer,
    options: {
      maxTurns,
      maxResponseTokens,
      invalidActionPenalty,
      temperature: run.config.training.temperature,
    },
  };
}

/** A run that stopped because its numbers did; what led to it is on disk. */
export class StoppedRun extends Error {
  override readonly name = "StoppedRun";
}

/** Keeps the batch that led to a loss or gradient that is no number, and stops the run. */
export async function stopPoisoned(
  folder: RunFolder,
  place: string,
  rows: readonly unknown[],
  cause: unknown,
): Promise<never> {
  if (!(cause instanceof NonFiniteError)) throw cause;
  const path = await folder.writeEvidence("stopped-batch.json", {
    place,
    message: cause.message,
    rows,
  });
  throw new StoppedRun(
    `${place}: ${cause.message}; the weights are as before it, the batch is in ${path}`,
    { cause },
  );
}
