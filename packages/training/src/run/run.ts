import { join } from "node:path";
import type { Modulator } from "@turnwise/aem";
import { NonFiniteError, type Random, type Sampler } from "@turnwise/core";
import type { AgentFormat, RolloutParts, TaskSource } from "@turnwise/envs";
import type { CompiledAlgorithm } from "@turnwise/estimators";
import type { LoadedTokenizer } from "@turnwise/policy";
import type { LocalPolicyOptions } from "@turnwise/policy/local";
import { toChatFormat, toPlainFormat } from "../policy/chat-format.ts";
import { resolveEngineDevice } from "../settings/config.ts";
import type { Parts } from "../experiment/experiment.ts";
import type { PolicyTokenizer } from "../policy/training-policy.ts";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import type { ActivityTracker } from "../health/activity-tracker.ts";
import type { PlayPause } from "../loop/play-groups.ts";
import { formatDuration } from "../report/format-numbers.ts";
import type { Reporter } from "../report/progress.ts";
import type { RunFolder } from "./run-folder.ts";
import type { RunState } from "./run-state.ts";

/** Values that all stages of a run share. */
export interface Run {
  readonly folder: RunFolder;
  readonly config: ExperimentSettings;
  /** Components of the experiment's module. */
  readonly parts: Parts;
  readonly algorithm: CompiledAlgorithm;
  readonly modulator: Modulator;
  readonly reporter: Reporter;
  /** Activities that are in progress. */
  readonly activities: ActivityTracker;
  readonly tasks: TaskSource;
  readonly random: Random;
}

/** Initial state of a run. */
export const freshState: RunState = {
  warmStartEpochs: 0,
  iterations: 0,
  isEvaluatedBefore: false,
  isEvaluatedAfter: false,
};

/** Name of the folder with the warm-started policy. */
export const warmStartFolder = "warm-start";

/** Name of the folder with the trained policy. */
export const policyFolder = "policy";

/**
 * Creates the options that all policies of a run share: everything except weights and learning
 * rate.
 */
export function createPolicyOptions(
  config: ExperimentSettings,
  random: Random,
): Omit<LocalPolicyOptions, "model" | "optimizer"> {
  const { engine, model } = config;
  if (model.source === "custom")
    throw new TypeError("createPolicyOptions: model must not be custom");
  const { threads, microbatchTokens, recomputeLayers, weightStorage } = engine;
  const seed = random.fork("weights").seed;
  const adapter = model.source === "folder" ? model.adapter : null;
  return {
    seed,
    threads,
    device: resolveEngineDevice(config),
    microbatchTokens,
    recomputeLayers,
    weightStorage,
    maxSequenceTokens: model.maxTokens,
    ...(adapter !== null && { adapter }),
  };
}

/**
 * True if a run starts with a warm start. Every run of a new model does, because the warm start
 * builds the vocabulary.
 */
export function hasWarmStart({ model, warmStart }: ExperimentSettings): boolean {
  if (model.source === "custom") return false;
  return model.source === "new" || (warmStart.numDemonstrations > 0 && warmStart.epochs > 0);
}

/** Finds the folder of the policy with which reinforcement learning starts. */
export function findStartingPolicy({ folder, config }: Run): string {
  const { model } = config;
  if (model.source === "folder" && !hasWarmStart(config)) return model.path;
  return join(folder.path, warmStartFolder);
}

/**
 * Creates the prompt format: the format of the tasks, wrapped in the model's chat template if it
 * uses one.
 */
export function createFormat(
  { config, tasks }: Pick<Run, "config" | "tasks">,
  tokenizer: PolicyTokenizer,
): AgentFormat {
  const { model } = config;
  if (!isLoaded(tokenizer)) return tasks.format;
  if (model.source === "folder" && model.chat) {
    return toChatFormat(tasks.format, tokenizer, model.path);
  }
  return toPlainFormat(tasks.format, tokenizer);
}

/** True for a tokenizer that was loaded from a folder; only such tokenizers have chat templates. */
export function isLoaded(tokenizer: PolicyTokenizer): tokenizer is LoadedTokenizer {
  return "renderChat" in tokenizer;
}

/**
 * Creates the parts of this run's rollouts.
 * @param purpose - Purpose of the episodes; determines whether environment states are recorded, see
 *   `episode.recordedStates`.
 */
export function createRolloutParts(
  run: Pick<Run, "config" | "tasks">,
  policy: { readonly sampler: Sampler; readonly tokenizer: PolicyTokenizer },
  purpose: "training" | "evaluation",
): Omit<RolloutParts, "policyVersion"> {
  const { maxTurns, maxResponseTokens, invalidActionPenalty, recordedStates } = run.config.episode;
  return {
    createEnvironment: run.tasks.createEnvironment,
    format: createFormat(run, policy.tokenizer),
    sampler: policy.sampler,
    tokenizer: policy.tokenizer,
    options: {
      maxTurns,
      maxResponseTokens,
      invalidActionPenalty,
      temperature: run.config.training.temperature,
      recordsStates: purpose === "training" ? recordedStates === "all" : recordedStates !== "none",
      ...(run.tasks.environmentTimeoutSeconds !== undefined && {
        environmentTimeoutSeconds: run.tasks.environmentTimeoutSeconds,
      }),
    },
  };
}

/**
 * Thrown if a run stops because of numbers that are not finite or a service that is unavailable.
 * The run can be resumed.
 */
export class StoppedRun extends Error {
  override readonly name = "StoppedRun";
}

/** Describes a pause before failed episodes are retried. */
export function describePause({ reason, waitSeconds, leftSeconds }: PlayPause): string {
  return `${reason}; retrying in ${formatDuration(waitSeconds)}; retries stop after ${formatDuration(leftSeconds)} without progress`;
}

/** Formats `, failed 2/64` if episodes have failed; otherwise an empty text. */
export function describeFailures(numFailed: number, numEpisodes: number): string {
  return numFailed === 0 ? "" : `, failed ${numFailed}/${numEpisodes}`;
}

/** Saves the batch that caused a loss or gradient that is not finite, and stops the run. */
export async function stopPoisoned(
  folder: RunFolder,
  source: string,
  rows: readonly unknown[],
  cause: unknown,
): Promise<never> {
  if (!(cause instanceof NonFiniteError)) throw cause;
  const path = await folder.writeEvidence("stopped-batch.json", {
    place: source,
    message: cause.message,
    rows,
  });
  throw new StoppedRun(
    `${source}: ${cause.message}; the weights are unchanged, the batch is in ${path}`,
    { cause },
  );
}
