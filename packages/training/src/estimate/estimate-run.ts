import { createRandom, type Random, type TokenRow } from "@turnwise/core";
import type { Demonstration, TaskSource } from "@turnwise/envs";
import type { CompiledAlgorithm } from "@turnwise/estimators";
import { buildWordVocabulary, createTokenizer } from "@turnwise/policy";
import { createLocalPolicy, type LocalPolicy } from "@turnwise/policy/local";
import { findEnvironment } from "../environments/environments.ts";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { selectImitated, toImitationRows } from "../loop/imitation.ts";
import { estimateMemory, formatMemoryParts } from "../policy/check-memory.ts";
import { createNewPolicy } from "../policy/new-model.ts";
import { formatBytes, formatDuration, formatThousands } from "../report/format-numbers.ts";
import { buildTokenizer } from "../run/build-tokenizer.ts";
import { hasWarmStart, createPolicyOptions, createRolloutParts } from "../run/run.ts";
import { measureDemonstrations, countRowTokens, type EpisodeShape } from "./episode-shape.ts";
import { assumeEpisode } from "./assume-episode.ts";
import { probeLearner, probePlaying, selectProbeRows, takeRows } from "./probe-policy.ts";
import { computeRunSeconds, computeTurnSeconds } from "./compute-run-seconds.ts";
import { createSilentEnvironment } from "./silent-environment.ts";

/** Number of demonstrations that an estimate records. */
const numDemonstrations = 64;

/** Number of tokens on which the learner's speed is measured. */
const probeRowTokens = 16_384;

/** Demonstrations, and the time to record one. */
interface Recorded {
  readonly demonstrations: readonly Demonstration[];
  /** Demonstrations that a warm start imitates. */
  readonly imitated: readonly Demonstration[];
  readonly secondsEach: number;
}

/**
 * Estimates the memory, tokens and time of a run: memory from its settings, tokens from
 * demonstrations or a few episodes, time from a short measurement of the model on these.
 * @returns Lines of text; one of them states the assumptions.
 */
export async function estimateRun(
  config: ExperimentSettings,
  tasks: TaskSource,
  algorithm: Pick<CompiledAlgorithm, "needs">,
): Promise<string[]> {
  const memory = await describeMemory(config);
  const { model, training } = config;
  if (model.source === "tinker" || model.source === "custom") {
    return [memory, "time: not estimated for a model that does not run on this machine"];
  }
  const random = createRandom("estimate");
  const startsContainers = findEnvironment(config.tasks.environment)?.startsContainers === true;
  const recorded = startsContainers ? undefined : await recordDemonstrations(config, tasks, random);
  const policy = await openPolicy(config, tasks, recorded?.demonstrations, random);
  try {
    const { format } = tasks;
    const imitated =
      hasWarmStart(config) && recorded !== undefined && recorded.imitated.length > 0
        ? measureDemonstrations(recorded.imitated, format, policy.tokenizer)
        : undefined;
    const imitatedShare = recorded && recorded.imitated.length / recorded.demonstrations.length;
    const numEpisodes = training.groupsPerIteration * training.groupSize;
    const { trajectories, ...playing } = await probePlaying(
      {
        ...createRolloutParts({ config, tasks }, policy, "training"),
        policyVersion: 0,
        ...(startsContainers && { createEnvironment: createSilentEnvironment }),
      },
      tasks.training,
      numEpisodes,
      Math.round(imitated?.responseTokens ?? config.episode.maxResponseTokens),
    );
    const shape = assumeEpisode(config.episode, imitated, playing, trajectories);
    const rows =
      imitated === undefined
        ? selectProbeRows(trajectories, probeRowTokens)
        : takeRows(toDemonstratedRows(recorded!, tasks, policy), probeRowTokens);
    const learning = await probeLearner(policy, rows, config.warmStart.minibatchSize);
    const secondsPerDemonstration = recorded?.secondsEach ?? 0;
    const speeds = { ...playing, ...learning, secondsPerDemonstration };
    const { total, iteration, warmStart, evaluations } = computeRunSeconds(
      config,
      tasks,
      speeds,
      {
        episode: shape,
        demonstration: hasWarmStart(config) ? (imitated ?? shape) : undefined,
        imitatedShare,
      },
      algorithm.needs.referenceLogProbs ? 2 : 1,
    );
    return [
      memory,
      ...describeAssumptions(config, shape, startsContainers),
      `speed: ${formatThousands(1 / computeTurnSeconds(speeds, shape))} turns/s (${playing.numEpisodes} episodes at once), ` +
        `scores ${formatThousands(speeds.scored)} and trains ${formatThousands(speeds.trained)} tokens/s in a short probe`,
      `time: about ${formatDuration(total)}: ${training.iterations} iterations of ${formatDuration(iteration)}, ` +
        (warmStart > 0 ? `${formatDuration(warmStart)} of warm start` : "no warm start") +
        `, ${formatDuration(evaluations)} of evaluation`,
    ];
  } finally {
    await policy.close();
  }
}

async function describeMemory(config: ExperimentSettings): Promise<string> {
  const memory = await estimateMemory(config);
  const { model, engine } = config;
  const isElsewhere = model.source === "tinker" || model.source === "custom";
  return memory === undefined
    ? `memory: not estimated for weights on ${isElsewhere ? "the policy's own engine" : engine.provider}`
    : `memory: ${formatBytes(memory.needed)} needed (${formatMemoryParts(memory.parts)}), ${formatBytes(memory.available)} available`;
}

function describeAssumptions(
  { training, episode }: ExperimentSettings,
  shape: EpisodeShape,
  startsContainers: boolean,
): string[] {
  const numEpisodes = training.groupsPerIteration * training.groupSize;
  const numSampled = numEpisodes * shape.turns * shape.responseTokens;
  return [
    `tokens: about ${formatThousands(numEpisodes * countRowTokens(shape))} per iteration, ${formatThousands(numSampled)} of them sampled`,
    `assumed: ${formatThousands(numEpisodes)} episodes of ${shape.turns.toFixed(1)} turns (limit ${episode.maxTurns}), ` +
      `${formatThousands(shape.promptTokens)} tokens read and ${formatThousands(shape.responseTokens)} sampled per turn; no group is filtered` +
      (startsContainers ? "; the time of containers is not included" : ""),
  ];
}

/** Records some demonstrations; returns `undefined` if the tasks have none. */
async function recordDemonstrations(
  { warmStart }: ExperimentSettings,
  source: TaskSource,
  random: Random,
): Promise<Recorded | undefined> {
  const { demonstrator } = source;
  const tasks = source.training.slice(0, numDemonstrations);
  if (demonstrator === undefined || tasks.length === 0) return undefined;
  const started = performance.now();
  const demonstrations = await demonstrator.demonstrate(tasks, warmStart.slipShare, random);
  source.takeRecords?.();
  const imitated = selectImitated(demonstrations, demonstrator);
  return {
    demonstrations,
    imitated,
    secondsEach: (performance.now() - started) / 1000 / tasks.length,
  };
}

function toDemonstratedRows(
  { imitated }: Recorded,
  { format }: TaskSource,
  { tokenizer }: LocalPolicy,
): TokenRow[] {
  return imitated.flatMap((one) =>
    toImitationRows(one, format, tokenizer, 0).map(({ tokens }) => ({ tokens, spans: [] })),
  );
}

/**
 * Opens a policy with the architecture of the run's policy. Its weights are read from the run's
 * model folder, or random.
 */
async function openPolicy(
  config: ExperimentSettings,
  tasks: TaskSource,
  demonstrations: readonly Demonstration[] | undefined,
  random: Random,
): Promise<LocalPolicy> {
  const { model } = config;
  const options = createPolicyOptions(config, random);
  if (model.source === "folder") return createLocalPolicy({ ...options, model: model.path });
  if (model.source !== "new")
    throw new TypeError(`openPolicy: model.source must be new or folder, got ${model.source}`);
  const texts = [...(demonstrations ?? []), ...(tasks.vocabularyTexts ?? [])];
  const tokenizer =
    texts.length === 0
      ? createTokenizer(buildWordVocabulary([]))
      : buildTokenizer(
          demonstrations ?? [],
          tasks.demonstrator?.exchangeable?.(demonstrations ?? []) ?? [],
          tasks,
        );
  return createLocalPolicy({ ...options, ...createNewPolicy(model, tokenizer) });
}
