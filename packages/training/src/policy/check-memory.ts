import {
  adapterConfig,
  describeWeights,
  readAdapterConfig,
  readModelConfig,
  type ModelConfig,
  type WeightsInfo,
} from "@turnwise/policy";
import {
  readAvailableMemory,
  chooseWeightStorage,
  computeMemoryNeeds,
  staysOnDevice,
  estimateTrainingMemory,
  type DeviceOptions,
  type MemoryPart,
  type WeightStorage,
} from "@turnwise/policy/local";
import { resolveEngineDevice } from "../settings/config.ts";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { InputError, readInput } from "../input-error.ts";
import { createModelConfig } from "./new-model.ts";
import { formatBytes } from "../report/format-numbers.ts";

/** Memory that a run needs, by part, and available memory. */
export interface MemoryReport {
  readonly parts: readonly MemoryPart[];
  readonly needed: number;
  readonly available: number;
}

/** Assumed bytes of the sampler's key-value cache. */
const usualCacheBytes = 2 ** 30;

/** Assumed bytes of the process itself: code, tasks, records. */
const processBytes = 2 ** 28;

const sumBytes = (parts: readonly MemoryPart[]): number =>
  parts.reduce((sum, { bytes }) => sum + bytes, 0);

/** Shape of a model, and size of its weights on disk. */
interface KnownModel {
  readonly config: ModelConfig;
  readonly stored: Pick<WeightsInfo, "type" | "numBytes">;
}

async function readModel({ model }: ExperimentSettings): Promise<KnownModel | undefined> {
  if (model.source === "tinker" || model.source === "custom") return undefined;
  if (model.source === "folder") {
    const { path } = model;
    return readInput(async () => ({
      config: await readModelConfig(path),
      stored: await describeWeights(path),
    }));
  }
  return { config: createModelConfig(model), stored: { type: "F32", numBytes: 0 } };
}

/** Estimates the memory of a run, by part. */
async function estimateParts(
  { config: model, stored }: KnownModel,
  config: ExperimentSettings,
  available: number,
): Promise<MemoryPart[]> {
  const { engine, training, algorithm } = config;
  const folder = config.model.source === "folder" ? config.model : undefined;
  const adapter = folder?.adapter ? adapterConfig(model, folder.adapter) : undefined;
  const weightStorage = await chooseWeightStorage("train", engine.weightStorage, model, {
    directory: folder && adapter ? folder.path : undefined,
    numCopies: 2,
    availableBytes: available,
  });
  const parts = estimateTrainingMemory({
    config: model,
    stored,
    adapter,
    weightStorage,
    sequenceTokens: Math.min(
      model.maxSequenceTokens,
      "maxTokens" in config.model ? config.model.maxTokens : model.maxSequenceTokens,
    ),
    cacheBytes: usualCacheBytes,
    numSequences: training.groupsPerIteration * training.groupSize,
    microbatchTokens: engine.microbatchTokens,
    recomputeLayers: engine.recomputeLayers,
    keepReference: algorithm.kl.kind !== "none",
    device: resolveEngineDevice(config),
  });
  return [...parts, { name: "process", bytes: processBytes }];
}

/**
 * Estimates the memory of a run on this machine; `undefined` if the weights are not in main memory
 * but on a server or a GPU.
 */
export async function estimateMemory(
  config: ExperimentSettings,
  availableBytes?: number,
): Promise<MemoryReport | undefined> {
  const model = await readModel(config);
  if (model === undefined || config.engine.provider !== "cpu") return undefined;
  const available = availableBytes ?? (await readAvailableMemory());
  const parts = await estimateParts(model, config, available);
  return { parts, needed: sumBytes(parts), available };
}

/** Change of settings that saves memory. */
interface Saving {
  readonly flags: readonly string[];
  readonly apply: (config: ExperimentSettings) => ExperimentSettings;
}

/** Lists combinations of changes to try, the least intrusive first. */
function listSavings(
  { model, engine }: ExperimentSettings,
  { config: shape, stored }: KnownModel,
): Saving[] {
  const isFolder = model.source === "folder";
  const { rank, alpha, targetModules } = adapterConfig(shape, { rank: 16 });
  const usualAdapter = { rank, alpha, targetModules: [...targetModules] };
  const adapters: Saving[] =
    isFolder && model.adapter === null
      ? [
          {
            flags: ["--adapter-rank 16"],
            apply: (config) =>
              config.model.source !== "folder"
                ? config
                : { ...config, model: { ...config.model, adapter: usualAdapter } },
          },
        ]
      : [];
  const engineSaving = (
    setting: string,
    change: Partial<ExperimentSettings["engine"]>,
  ): Saving => ({
    flags: [`--set engine.${setting}`],
    apply: (config) => ({ ...config, engine: { ...config.engine, ...change } }),
  });
  const layers = engine.recomputeLayers
    ? []
    : [engineSaving("recomputeLayers=true", { recomputeLayers: true })];
  const smaller =
    engine.microbatchTokens > 256
      ? [engineSaving("microbatchTokens=256", { microbatchTokens: 256 })]
      : [];
  const inFile =
    isFolder && stored.type !== "F32" && engine.weightStorage !== "stored"
      ? [engineSaving("weightStorage=stored", { weightStorage: "stored" })]
      : [];
  const choices = [...layers, ...smaller, ...adapters, ...inFile];
  return Array.from({ length: 2 ** choices.length - 1 }, (_, i) =>
    choices.filter((_choice, bit) => ((i + 1) >> bit) & 1),
  )
    .toSorted((a, b) => a.length - b.length)
    .map((chosen) => ({
      flags: chosen.flatMap(({ flags }) => flags),
      apply: (config) => chosen.reduce((changed, { apply }) => apply(changed), config),
    }));
}

/**
 * Checks that a run fits into memory, before anything is loaded.
 * @throws {@link InputError} with the bytes needed and available, and settings that would fit.
 */
export async function checkMemory(
  config: ExperimentSettings,
  availableBytes?: number,
): Promise<void> {
  const report = await estimateMemory(config, availableBytes);
  if (report === undefined || report.needed <= report.available) return;
  const { available } = report;
  const model = (await readModel(config))!;
  let remedy = "no setting makes this run fit; use a smaller model";
  for (const { flags, apply } of listSavings(config, model)) {
    const changed = apply(config);
    const isTrainedWhole = changed.model.source !== "folder" || changed.model.adapter === null;
    if (changed.engine.weightStorage === "stored" && isTrainedWhole) continue;
    const needed = sumBytes(await estimateParts(model, changed, available));
    if (needed > available) continue;
    remedy = `${flags.join(" ")} needs ${formatBytes(needed)}`;
    break;
  }
  throw new InputError(
    `train: not enough memory: ${formatBytes(report.needed)} needed (${formatMemoryParts(report.parts)}), ${formatBytes(available)} available; ${remedy}`,
  );
}

/** Formats the parts with their sizes. */
export const formatMemoryParts = (parts: readonly MemoryPart[]): string =>
  parts.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`).join(", ");

/** Policy in a folder from which a command only samples. */
interface SampledFolder {
  readonly path: string;
  readonly adapter?: string | undefined;
  readonly weightStorage: WeightStorage;
  readonly device: DeviceOptions;
  readonly sequenceTokens?: number;
}

/**
 * Checks that a policy that is only sampled, not trained, fits into memory.
 * @param command - Name of the command, for messages.
 * @throws {@link InputError} with the bytes needed and available, and a setting that would fit.
 */
export async function checkSamplingMemory(
  command: string,
  { path, adapter, weightStorage, device, sequenceTokens = 1024 }: SampledFolder,
  availableBytes?: number,
): Promise<void> {
  if ((device.provider ?? "cpu") !== "cpu") return;
  const available = availableBytes ?? (await readAvailableMemory());
  await readInput(async () => {
    const config = await readModelConfig(path);
    const stored = await describeWeights(path);
    const needs = computeMemoryNeeds({
      config,
      stored,
      adapter:
        adapter === undefined
          ? adapterConfig(config, {})
          : await readAdapterConfig(adapter, config),
      sequenceTokens: Math.min(sequenceTokens, config.maxSequenceTokens),
      cacheBytes: usualCacheBytes,
      isOnDevice: staysOnDevice(device),
    });
    const storage = await chooseWeightStorage(command, weightStorage, config, {
      directory: path,
      availableBytes: available,
    });
    const inMemory = needs.sampling.total + processBytes;
    const inFile = needs.stored ? needs.stored.sampling + processBytes : undefined;
    const needed = storage === "stored" ? (inFile ?? 0) : inMemory;
    if (needed <= available) return;
    const remedy =
      storage === "float32" && inFile !== undefined && inFile <= available
        ? `--weight-storage stored needs ${formatBytes(inFile)}`
        : "use a smaller model";
    throw new InputError(
      `${command}: not enough memory: ${formatBytes(needed)} needed for ${path} (weights and one sequence), ${formatBytes(available)} available; ${remedy}`,
    );
  });
}
