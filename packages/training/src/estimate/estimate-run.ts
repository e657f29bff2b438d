import { createRandom, type Random, type TokenRow } from "@turnwise/core";
import type { Demonstration, TaskSource } from "@turnwise/envs";
import type { CompiledAlgorithm } from "@turnwise/estimators";
import { buildWordVocabulary, createTokenizer } from "@turnwise/policy";
import { createLocalPolicy, type LocalPolicy } from "@turnwise/policy/local";
import { findEnvironment } from "../environments/environments.ts";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { imitationRows } from "../loop/imitation.ts";
import { estimateMemory, partsText } from "../policy/check-memory.ts";
import { newPolicy } from "../policy/new-model.ts";
import { bytesText, duration, thousands } from "../report/progress.ts";
import { buildTokenizer } from "../run/build-tokenizer.ts";
import { hasWarmStart, policyOptions, rolloutPartsOf } from "../run/run.ts";
import { demonstratedShape, rowTokensOf, type EpisodeShape } from "./episode-shape.ts";
import { assumeEpisode } from "./assume-episode.ts";
import { probeLearner, probePlaying, probeRows, takeTokens } from "./probe-policy.ts";
import { runSeconds, secondsOfTurn } from "./run-seconds.ts";
import { createSilentEnvironment } from "./silent-environment.ts";

/** Number of demonstrations that an estimate records. */
const numDemonstrations = 64;

/** Tokens of the rows on which a learner is measured. */
const probeRowTokens = 16_384;

/** Demonstrations with the time that one takes. */
interface Recorded {
  readonly demonstrations: readonly Demonstration[];
  readonly secondsEach: number;
}

/**
 * Estimates the memory, tokens and time of a run: memory from its settings, tokens from demonstrations or
 * a few episodes, time from a short probe of the model on these.
 * @returns Lines for people, one of them with the assumptions.
 */
export async function estimateRun(
  config: ExperimentSettings,
  tasks: TaskSource,
  algorithm: Pick<CompiledAlgorithm, "needs">,
): Promise<string[]> {
  const memory = await memoryLine(config);
  const { model, training } = config;
  if (model.source === "tinker" || model.source === "custom") {
    return [memory, "time: not estimated for a model that is not computed here"];
  }
  const random = createRandom("estimate");
  const startsContainers = findEnvironment(config.tasks.environment)?.startsContainers === true;
  const recorded = startsContainers ? undefined : await recordDemonstrations(config, tasks, random);
  const policy = await openPolicy(config, tasks, recorded?.demonstrations, random);
  try {
    const { format } = tasks;
    const demonstrated =
      recorded && demonstratedShape(recorded.demonstrations, format, policy.tokenizer);
    const imitated = hasWarmStart(config) ? demonstrated : undefined;
    const numEpisodes = training.groupsPerIteration * training.groupSize;
    const { trajectories, ...playing } = await probePlaying(
      {
        ...rolloutPartsOf({ config, tasks }, policy),
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
        ? probeRows(trajectories, probeRowTokens)
        : takeTokens(demonstratedRows(recorded!, tasks, policy), probeRowTokens);
    const learning = await probeLearner(policy, rows, config.warmStart.minibatchSize);
    const secondsPerDemonstration = recorded?.secondsEach ?? 0;
    const speeds = { ...playing, ...learning, secondsPerDemonstration };
    const { total, iteration, warmStart, evaluations } = runSeconds(
      config,
      tasks,
      speeds,
      { episode: shape, demonstration: hasWarmStart(config) ? (imitated ?? shape) : undefined },
      algorithm.needs.referenceLogProbs ? 2 : 1,
    );
    return [
      memory,
      ...assumptionLines(config, shape, startsContainers),
      `speed: ${thousands(1 / secondsOfTurn(speeds, shape))} turns/s (${playing.numEpisodes} episodes at once), ` +
        `scores ${thousands(speeds.scored)} and trains ${thousands(speeds.trained)} tokens/s in a short probe`,
      `time: about ${duration(total)}: ${training.iterations} iterations of ${duration(iteration)}, ` +
        `${duration(warmStart)} of warm start, ${duration(evaluations)} of evaluation`,
    ];
  } finally {
    await policy.close();
  }
}

async function memoryLine(config: ExperimentSettings): Promise<string> {
  const memory = await estimateMemory(config);
  const { model, engine } = config;
  const isElsewhere = model.source === "tinker" || model.source === "custom";
  return memory === undefined
    ? `memory: not estimated for weights on ${isElsewhere ? "the policy's own engine" : engine.provider}`
    : `memory: ${bytesText(memory.needed)} needed (${partsText(memory.parts)}), ${bytesText(memory.available)} available`;
}

function assumptionLines(
  { training, episode }: ExperimentSettings,
  shape: EpisodeShape,
  startsContainers: boolean,
): string[] {
  const numEpisodes = training.groupsPerIteration * training.groupSize;
  const numSampled = numEpisodes * shape.turns * shape.responseTokens;
  return [
    `tokens: about ${thousands(numEpisodes * rowTokensOf(shape))} an iteration, ${thousands(numSampled)} of them sampled`,
    `assumed: ${thousands(numEpisodes)} episodes of ${shape.turns.toFixed(1)} turns (limit ${episode.maxTurns}), ` +
      `${thousands(shape.promptTokens)} tokens read and ${thousands(shape.responseTokens)} sampled a turn, all groups trained on` +
      (startsContainers ? ", containers that take no time" : ""),
  ];
}

/** Records some demonstrations; `undefined` where the tasks have none. */
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
  return { demonstrations, secondsEach: (performance.now() - started) / 1000 / tasks.length };
}

function demonstratedRows(
  { demonstrations }: Recorded,
  { format }: TaskSource,
  { tokenizer }: LocalPolicy,
): TokenRow[] {
  return demonstrations.flatMap((one) =>
    imitationRows(one, format, tokenizer, 0).map(({ tokens }) => ({ tokens, spans: [] })),
  );
}

/** Policy like the run's: same shape, and the weights of its folder or random ones. */
async function openPolicy(
  config: ExperimentSettings,
  tasks: TaskSource,
  demonstrations: readonly Demonstration[] | undefined,
  random: Random,
): Promise<LocalPolicy> {
  const { model } = config;
  const options = policyOptions(config, random);
  if (model.source === "folder") return createLocalPolicy({ ...options, model: model.path });
  if (model.source !== "new") throw new TypeError(`openPolicy: got model.source ${model.source}`);
  const texts = [...(demonstrations ?? []), ...(tasks.vocabularyTexts ?? [])];
  const tokenizer =
    texts.length === 0
      ? createTokenizer(buildWordVocabulary([]))
      : buildTokenizer(
          demonstrations ?? [],
          tasks.demonstrator?.exchangeable?.(demonstrations ?? []) ?? [],
          tasks,
        );
  return createLocalPolicy({ ...options, ...newPolicy(model, tokenizer) });
}
