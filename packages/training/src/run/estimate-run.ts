import { createRandom, crossEntropy, type TrainingRow } from "@turnwise/core";
import type { TaskSource } from "@turnwise/envs";
import { buildWordVocabulary, createTokenizer, readTokenizer } from "@turnwise/policy";
import { createLocalPolicy, type LocalPolicy } from "@turnwise/policy/local";
import { chatFormat, plainFormat } from "../policy/chat-format.ts";
import { estimateMemory, partsText } from "../policy/check-memory.ts";
import { engineDevice } from "../settings/config.ts";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { newModelConfig } from "../policy/new-model.ts";
import { bytesText, duration, thousands } from "../report/progress.ts";

/** Tokens of a probe: few enough for a large model on a processor. */
const probe = { promptTokens: 64, responseTokens: 8, sequences: 4 };

/** Speeds that a probe measured, tokens per second. */
interface Speeds {
  readonly read: number;
  readonly sampled: number;
  readonly scored: number;
  readonly trained: number;
}

/** Tokens of one iteration, at most. */
interface TokenNeeds {
  readonly episodes: number;
  readonly promptTokens: number;
  readonly responseTokens: number;
  /** Tokens of the rows that are scored and trained on. */
  readonly rowTokens: number;
}

/**
 * Estimates the memory, tokens and time of a run: memory from its settings, tokens from the first prompt
 * and the limits of an episode, time from a short probe of the model with random tokens.
 * @returns Lines for people.
 */
export async function estimateRun(
  config: ExperimentSettings,
  tasks: TaskSource,
): Promise<string[]> {
  const memory = await estimateMemory(config);
  const lines = memory
    ? [
        `memory: ${bytesText(memory.needed)} needed (${partsText(memory.parts)}), ${bytesText(memory.available)} available`,
      ]
    : [`memory: not estimated for weights on ${placeOf(config)}`];
  const needs = await tokenNeeds(config, tasks);
  lines.push(
    `tokens: at most ${thousands(needs.promptTokens)} prompt and ${thousands(needs.responseTokens)} response tokens an iteration, ` +
      `${thousands(needs.episodes)} episodes of ${config.episode.maxTurns} turns`,
  );
  const speeds = await probeSpeeds(config);
  if (speeds === undefined) {
    lines.push("time: not estimated for a model on a server");
    return lines;
  }
  const seconds =
    needs.promptTokens / speeds.read +
    needs.responseTokens / speeds.sampled +
    needs.rowTokens / speeds.scored +
    (config.training.epochs * needs.rowTokens) / speeds.trained;
  const { iterations } = config.training;
  lines.push(
    `speed: reads ${thousands(speeds.read)}, samples ${thousands(speeds.sampled)} (${probe.sequences} sequences at once), ` +
      `scores ${thousands(speeds.scored)} and trains ${thousands(speeds.trained)} tokens/s in a short probe`,
    `time: at most ${duration(seconds)} an iteration, ${duration(iterations * seconds)} for ${iterations}, ` +
      "without environments, warm start and evaluation; episodes that end early, and more of them at once, are faster",
  );
  return lines;
}

const placeOf = ({ model, engine }: ExperimentSettings): string =>
  model.source === "tinker" || model.source === "custom"
    ? "the policy's own engine"
    : engine.provider;

/** Length of the first prompt of the first task; the longest that fits where it cannot be made here. */
async function firstPromptTokens(config: ExperimentSettings, tasks: TaskSource): Promise<number> {
  const { model, episode } = config;
  if (model.source === "custom") return 0;
  const longest = model.maxTokens - episode.maxResponseTokens;
  const [task] = tasks.training;
  // A container would be started for it.
  if (task === undefined || config.tasks.environment === "swebench") return longest;
  const environment = await tasks.createEnvironment(task);
  try {
    const observation = await environment.reset(AbortSignal.timeout(60_000));
    if (model.source === "new") {
      // Its words are known when its tasks are read: all of this prompt's are one token each.
      const text = tasks.format.prompt([], observation);
      return createTokenizer(buildWordVocabulary([text])).encode(text).length;
    }
    const path = model.source === "tinker" ? model.tokenizer : model.path;
    const tokenizer = await readTokenizer(path);
    const format =
      model.source === "folder" && model.chat
        ? chatFormat(tasks.format, tokenizer, path)
        : plainFormat(tasks.format, tokenizer);
    return tokenizer.encode(format.prompt([], observation)).length;
  } finally {
    await environment.close();
  }
}

async function tokenNeeds(config: ExperimentSettings, tasks: TaskSource): Promise<TokenNeeds> {
  const { training, episode, model } = config;
  const maxTokens =
    model.source === "custom" ? episode.maxTurns * episode.maxResponseTokens : model.maxTokens;
  const episodes = training.groupsPerIteration * training.groupSize;
  const { maxTurns, maxResponseTokens } = episode;
  const first = await firstPromptTokens(config, tasks);
  if (tasks.format.presentation === "concatenated") {
    const responseTokens = Math.min(maxTurns * maxResponseTokens, maxTokens - first);
    const rowTokens = episodes * maxTokens;
    return {
      episodes,
      promptTokens: episodes * Math.max(first, maxTokens - responseTokens),
      responseTokens: episodes * responseTokens,
      rowTokens,
    };
  }
  const turns = episodes * maxTurns;
  return {
    episodes,
    promptTokens: turns * first,
    responseTokens: turns * maxResponseTokens,
    rowTokens: turns * (first + maxResponseTokens),
  };
}

/** A policy like the run's, for a probe. */
async function openProbe(config: ExperimentSettings): Promise<LocalPolicy | undefined> {
  const { model, engine } = config;
  if (model.source === "tinker" || model.source === "custom") return undefined;
  const { threads, microbatchTokens, recomputeLayers, weightStorage } = engine;
  const common = {
    threads,
    microbatchTokens,
    recomputeLayers,
    weightStorage,
    device: engineDevice(config),
    maxSequenceTokens: Math.min(model.maxTokens, 2 * (probe.promptTokens + probe.responseTokens)),
  };
  if (model.source === "folder") {
    const { path, adapter } = model;
    return createLocalPolicy({ ...common, model: path, ...(adapter !== null && { adapter }) });
  }
  const tokenizer = createTokenizer(buildWordVocabulary([]));
  return createLocalPolicy({ ...common, model: newModelConfig(model), tokenizer });
}

/** Measures a policy twice with few tokens: the first time also compiles its programs. */
async function probeSpeeds(config: ExperimentSettings): Promise<Speeds | undefined> {
  const policy = await openProbe(config);
  if (policy === undefined) return undefined;
  try {
    await measure(policy, "warm-up");
    return await measure(policy, "measured");
  } finally {
    await policy.close();
  }
}

async function measure(policy: LocalPolicy, name: string): Promise<Speeds> {
  const { vocabularySize } = policy.info.config;
  const random = createRandom(name);
  const { sequences } = probe;
  const available = policy.sampler.capabilities.maxSequenceTokens;
  const responseTokens = Math.max(2, Math.min(probe.responseTokens, Math.floor(available / 2)));
  const promptTokens = Math.max(1, Math.min(probe.promptTokens, available - responseTokens));
  const prompts = Array.from({ length: sequences }, () =>
    Array.from({ length: promptTokens }, () => random.integer(vocabularySize)),
  );
  const begin = performance.now();
  let first = 0;
  await Promise.all(
    prompts.map((tokens, i) =>
      policy.sampler.sample(
        {
          promptTokens: tokens,
          seed: `${name}/${i}`,
          maxTokens: responseTokens,
          stopTokens: [],
        },
        undefined,
        () => {
          first ||= performance.now();
        },
      ),
    ),
  );
  const sampled = performance.now();
  const rows = prompts.map((tokens): TrainingRow => {
    const length = tokens.length - 1;
    return {
      tokens,
      spans: [{ turnIndex: 0, start: 1, length }],
      weights: new Float32Array(length).fill(1 / (length * sequences)),
      fields: {},
    };
  });
  const rate = (tokens: number, milliseconds: number): number =>
    (1000 * tokens) / Math.max(milliseconds, 0.001);
  const numTokens = sequences * promptTokens;
  const trainable = promptTokens > 1;
  const beforeScore = performance.now();
  if (trainable) await policy.learner.score(rows);
  const scored = performance.now();
  if (trainable) await policy.learner.update(rows, crossEntropy);
  const trained = performance.now();
  return {
    read: rate(numTokens, first - begin),
    sampled: rate(sequences * (responseTokens - 1), sampled - first),
    scored: rate(numTokens, scored - beforeScore),
    trained: rate(numTokens, trained - scored),
  };
}
