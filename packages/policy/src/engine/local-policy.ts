import { availableParallelism } from "node:os";
import { join } from "node:path";
import { checkInteger, type Learner, type Objective, type Tokenizer } from "@turnwise/core";
import { readAdapterConfig } from "../checkpoints/adapter-checkpoint.ts";
import { readCompanionFiles, writeCompanionFiles } from "../files/companion-files.ts";
import { readJson } from "../files/json-file.ts";
import { adapterConfig, type AdapterConfig, type AdapterOptions } from "../model/lora.ts";
import { checkModelConfig, type ModelConfig } from "../model/model-config.ts";
import { parseModelConfig } from "../model/config-json.ts";
import { readTokenizer, writeTokenizer, type LoadedTokenizer } from "../text/tokenizer.ts";
import { countEntries, parameterLayout } from "../model/parameter-layout.ts";
import { chooseMicrobatchTokens } from "./device.ts";
import type { EngineOptions, EnginePort, SaveModelOptions } from "./engine-port.ts";
import type { LocalPolicyOptions } from "./local-options.ts";
import { createSampler, LocalWeights, type LocalSampler } from "./local-sampler.ts";
import { traceObjective, type ObjectiveProgram } from "../learning/objective-program.ts";
import { PolicyEngine } from "./policy-engine.ts";
import { chooseWeightStorage } from "./weight-storage.ts";
import { connectWorker } from "./worker-port.ts";

/** Information about the model of a policy. */
export interface PolicyInfo {
  readonly config: ModelConfig;
  /** Number of the model's parameters, without an adapter. */
  readonly numParameters: number;
  /** Number of trained parameters of the model or the adapter, including the value head. */
  readonly numTrainedParameters: number;
  readonly adapter?: AdapterConfig;
}

/** Transformer with a sampler and a learner that share one engine. */
export interface LocalPolicy<T extends Tokenizer = LoadedTokenizer> {
  readonly sampler: LocalSampler;
  readonly learner: Learner;
  readonly tokenizer: T;
  readonly info: PolicyInfo;
  /**
   * Writes the learner (see `Learner.save`) and the tokenizer: a Hugging Face folder with the model
   * or a PEFT folder with the adapter, plus the optimizer state.
   */
  save(directory: string): Promise<void>;
  /**
   * Writes only the model, with the adapter merged in, like its original folder: the same
   * `config.json` except for changed fields, number type, tokenizer and generation config.
   * @throws `RangeError` for a weight that is too large for the type.
   */
  saveModel(directory: string, options?: SaveModelOptions): Promise<void>;
  /** Stops the engine and rejects pending calls. */
  close(): Promise<void>;
}

/**
 * Starts a policy on this machine. The sampler has already loaded the initial weights, version 0.
 * @throws `RangeError` or `Error` for an unsupported config, weights that do not match the config,
 *   or a tokenizer with more tokens than the model.
 */
export async function createLocalPolicy<T extends Tokenizer = LoadedTokenizer>({
  model,
  tokenizer,
  adapter,
  weightStorage = "auto",
  keepReference = false,
  valueHead = false,
  recomputeLayers = false,
  seed = 0,
  maxSequenceTokens: wantedTokens,
  optimizer = { learningRate: { peak: 1e-4 } },
  threads = availableParallelism(),
  device = {},
  microbatchTokens = chooseMicrobatchTokens(device),
  resident,
  stepTokens = 2048,
  cacheBytes = 2 ** 30,
  thread = "worker",
}: LocalPolicyOptions<T>): Promise<LocalPolicy<T>> {
  checkInteger("createLocalPolicy", { threads, microbatchTokens }, { min: 1 });
  const isFolder = typeof model === "string";
  const configPath = isFolder ? join(model, "config.json") : "";
  const configJson = isFolder ? await readJson(configPath) : undefined;
  const config = isFolder ? parseModelConfig(configJson, configPath) : checkModelConfig(model);
  // Sound because without the option `tokenizer`, T is its default, the type of a folder's
  // tokenizer.
  const words =
    tokenizer ?? (isFolder ? ((await readTokenizer(model)) as Tokenizer as T) : undefined);
  if (!words) {
    throw new TypeError(
      "createLocalPolicy: tokenizer must be given if model is a config, got none",
    );
  }
  if (words.vocabularySize > config.vocabularySize) {
    throw new RangeError(
      `createLocalPolicy: tokenizer must have at most ${config.vocabularySize} tokens, got ${words.vocabularySize}`,
    );
  }
  const maxSequenceTokens = wantedTokens ?? config.maxSequenceTokens;
  checkInteger(
    "createLocalPolicy",
    { maxSequenceTokens },
    { min: 1, max: config.maxSequenceTokens },
  );
  const trained = await readAdapterConfigOrOptions(adapter, config);
  const layout = parameterLayout(config, { adapter: trained, valueHead });
  // Do not copy the folder's tokenizer files if another tokenizer is used.
  const companions = isFolder
    ? await readCompanionFiles(model, tokenizer ? ["model"] : ["model", "tokenizer"])
    : new Map<string, Uint8Array>();
  const options: EngineOptions = {
    layout,
    configJson,
    adapter: typeof adapter === "string" ? { directory: adapter } : adapter && { seed },
    weightStorage: await chooseWeightStorage("createLocalPolicy", weightStorage, config, {
      numParameters: countEntries(layout.model),
      // Without an adapter the weights are trained, so they cannot be memory-mapped.
      directory: isFolder && trained ? model : undefined,
      // The learner holds the float32 weights, and the sampler a copy with the adapter merged in.
      numCopies: 2,
    }),
    keepReference,
    recomputeLayers,
    maxSequenceTokens,
    weights: isFolder ? { directory: model } : { seed },
    optimizer,
    threads,
    device,
    resident,
    microbatchTokens,
    stepTokens,
    cacheBytes,
  };
  const port =
    thread === "worker" ? await connectWorker(options) : await PolicyEngine.create(options);
  const hasReference = keepReference || trained !== undefined;
  const learner = createLearner(port, {
    maxSequenceTokens,
    hasReference,
    hasAdapter: trained !== undefined,
    valueHead,
  });
  const writeOtherFiles = async (directory: string): Promise<void> => {
    await writeCompanionFiles(directory, companions);
    if (hasFiles(words)) await writeTokenizer(directory, words.files);
  };
  return {
    sampler: createSampler(port, maxSequenceTokens, words),
    learner,
    tokenizer: words,
    info: {
      config,
      numParameters: countEntries(layout.model),
      numTrainedParameters: countEntries(layout.trained),
      ...(trained && { adapter: trained }),
    },
    save: async (directory) => {
      await learner.save(directory);
      await writeOtherFiles(directory);
    },
    saveModel: async (directory, saveOptions = {}) => {
      await port.saveModel(directory, saveOptions);
      await writeOtherFiles(directory);
    },
    close: () => port.close(),
  };
}

/** Reads the config of an adapter from its folder, or completes given options. */
async function readAdapterConfigOrOptions(
  adapter: AdapterOptions | string | undefined,
  config: ModelConfig,
): Promise<AdapterConfig | undefined> {
  if (adapter === undefined) return undefined;
  if (typeof adapter === "string") return readAdapterConfig(adapter, config, "training");
  return adapterConfig(config, adapter, "createLocalPolicy: adapter");
}

function createLearner(
  port: EnginePort,
  {
    maxSequenceTokens,
    hasReference,
    hasAdapter,
    valueHead,
  }: {
    readonly maxSequenceTokens: number;
    readonly hasReference: boolean;
    readonly hasAdapter: boolean;
    readonly valueHead: boolean;
  },
): Learner {
  let version = 0;
  let numRestores = 0;
  const traced = new Map<string, ObjectiveProgram>();
  const programOf = (objective: Objective): ObjectiveProgram => {
    const known = traced.get(objective.name) ?? traceObjective(objective);
    traced.set(objective.name, known);
    return known;
  };
  return {
    capabilities: {
      entropies: "exact",
      customObjectives: true,
      maxSequenceTokens,
      weights: { transports: ["memory"], numAdapters: hasAdapter ? 1 : 0 },
      ...(valueHead && { values: true }),
    },
    score: (rows, onTokens) => port.score(rows, onTokens),
    ...(hasReference && {
      reference: { score: (rows, onTokens) => port.scoreReference(rows, onTokens) },
    }),
    update: async (rows, objective, onTokens) => {
      const result = await port.update(rows, programOf(objective), onTokens);
      version = result.version;
      return result.report;
    },
    weights: () => new LocalWeights(version, port, numRestores),
    save: (directory) => port.save(directory),
    restore: async (directory) => {
      version = await port.restore(directory);
      numRestores += 1;
    },
  };
}

/** True for tokenizers of `createTokenizer`, which have files. */
function hasFiles(tokenizer: Tokenizer): tokenizer is LoadedTokenizer {
  return "files" in tokenizer;
}
