import type { WeightsInfo } from "../checkpoints/checkpoint.ts";
import type { AdapterConfig } from "../model/lora.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { countElements } from "../model/shape/parameters.ts";
import { countEntries, parameterLayout, type ParameterLayout } from "../model/parameter-layout.ts";
import { pagePositions } from "../sampling/runner/page-table.ts";
import { staysOnDevice, defaultMaxLogits, type DeviceOptions } from "./device.ts";

/** Model and sequences for which to compute the memory use. */
export interface MemoryOptions {
  readonly config: ModelConfig;
  /** Storage type of the weights; randomly initialized weights are `F32`. */
  readonly stored: Pick<WeightsInfo, "type" | "numBytes">;
  /** Adapter to include. */
  readonly adapter: AdapterConfig;
  /** Length of a sequence, prompt and response. */
  readonly sequenceTokens: number;
  /** Maximum bytes of keys and values. */
  readonly cacheBytes: number;
  /** True if weights stay on a device, see `staysOnDevice`. */
  readonly isOnDevice: boolean;
}

/**
 * Memory that a policy holds between steps, in bytes, with float32 or memory-mapped weights. For
 * temporary values of a step see {@link estimateTrainingMemory}.
 */
export interface MemoryNeeds {
  readonly sampling: {
    /** Bytes of the weights inside compiled programs, and of the embedding. */
    readonly weights: number;
    /** Bytes of keys and values per token. */
    readonly perToken: number;
    readonly perSequence: number;
    /** Maximum bytes of keys and values. */
    readonly cache: number;
    /** Total bytes with one sequence. */
    readonly total: number;
  };
  readonly training: {
    /**
     * Bytes for training all parameters: weights, gradients and two moments, plus a sampler with
     * one sequence.
     */
    readonly full: number;
    /**
     * Bytes for training the adapter: its weights, gradients and moments, the frozen weights, and a
     * sampler.
     */
    readonly lowRank: number;
    readonly adapterParameters: number;
  };
  /**
   * Bytes with memory-mapped weights, without page cache. Absent if weights have 32 bits or are on
   * a device.
   */
  readonly stored?: {
    readonly file: number;
    readonly sampling: number;
    readonly lowRank: number;
  };
}

/**
 * Maximum number of entries of a weight that is read into memory instead of being memory-mapped.
 */
const maxReadEntries = 2 ** 16;

/** Computes the memory that a policy holds between steps. */
export const computeMemoryNeeds = (options: MemoryOptions): MemoryNeeds =>
  computeNeeds(parameterLayout(options.config, options), options);

function computeNeeds(
  { config, model, adapter }: ParameterLayout,
  {
    stored: { type, numBytes },
    sequenceTokens,
    cacheBytes,
    isOnDevice,
  }: Omit<MemoryOptions, "config" | "adapter">,
): MemoryNeeds {
  const { numLayers, numKeyValueHeads, headSize, tiedEmbeddings } = config;
  const numParameters = countEntries(model);
  const embedding = countEntries(model.filter(({ name }) => name.includes("embed_tokens")));
  // Tied embeddings are stored twice, as a lookup table and as the matrix of the head; on a device
  // both are one tensor.
  const isTwice = tiedEmbeddings && !isOnDevice;
  const weights = 4 * (numParameters + (isTwice ? embedding : 0));
  const perToken = 4 * 2 * numLayers * numKeyValueHeads * headSize;
  const perSequence = perToken * pagePositions * Math.ceil(sequenceTokens / pagePositions);
  const total = weights + perSequence;
  const sampling = { weights, perToken, perSequence, cache: cacheBytes, total };
  const trained = countEntries(adapter?.parameters ?? []);
  const small = countEntries(model.filter((each) => countElements(each.shape) <= maxReadEntries));
  const storedSampling = 4 * small + perSequence;
  return {
    sampling,
    ...(type !== "F32" &&
      !isOnDevice && {
        stored: {
          file: numBytes,
          sampling: storedSampling,
          // Weights, gradients and two moments of the adapter, plus the sampler's copy of its
          // weights.
          lowRank: storedSampling + 4 * small + 20 * trained,
        },
      }),
    training: {
      full: 16 * numParameters + sampling.total,
      // On a device, sampler and learner share the model, and the sampler has its own copy of the
      // adapter.
      lowRank: isOnDevice
        ? sampling.total + 20 * trained
        : // The learner owns the embedding table.
          4 * (numParameters - embedding) + 16 * trained + sampling.total,
      adapterParameters: trained,
    },
  };
}

/** Training run whose memory to estimate. */
export interface TrainingMemoryOptions extends Omit<MemoryOptions, "adapter" | "isOnDevice"> {
  /** Adapter; `undefined` if all weights are trained. */
  readonly adapter: AdapterConfig | undefined;
  readonly weightStorage: "float32" | "stored";
  /**
   * Number of sequences sampled at the same time; their keys and values take at most `cacheBytes`.
   */
  readonly numSequences: number;
  readonly microbatchTokens: number;
  readonly recomputeLayers: boolean;
  readonly keepReference: boolean;
  readonly device: DeviceOptions;
}

/** One part of the memory of a run. */
export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Estimates the memory of a training run in bytes, by part: weights, gradients and moments; keys
 * and values; activations of one microbatch that are kept for the backward pass.
 */
export function estimateTrainingMemory(options: TrainingMemoryOptions): MemoryPart[] {
  const { config, adapter, weightStorage, keepReference, numSequences, cacheBytes } = options;
  const layout = parameterLayout(config, { adapter });
  const needs = computeNeeds(layout, { ...options, isOnDevice: staysOnDevice(options.device) });
  const { perSequence } = needs.sampling;
  const numParameters = countEntries(layout.model);
  const held =
    adapter === undefined
      ? needs.training.full
      : weightStorage === "stored"
        ? (needs.stored ?? needs.training).lowRank
        : needs.training.lowRank;
  return [
    {
      name: adapter === undefined ? "weights, gradients and moments" : "weights and adapter",
      bytes: held - perSequence,
    },
    // With an adapter, the reference is the model without it, so no copy is needed.
    ...(keepReference && adapter === undefined
      ? [{ name: "reference weights", bytes: 4 * numParameters }]
      : []),
    { name: "keys and values", bytes: Math.min(cacheBytes, numSequences * perSequence) },
    { name: "microbatch", bytes: microbatchBytes(options) },
  ];
}

/**
 * Bytes of the activations that one microbatch keeps for the backward pass: all layers, and one
 * chunk of logits.
 */
function microbatchBytes({
  config,
  sequenceTokens,
  microbatchTokens,
  recomputeLayers,
  device,
}: TrainingMemoryOptions): number {
  const { hiddenSize, intermediateSize, numHeads, numKeyValueHeads, headSize } = config;
  // Rows are never split, so a long row is a microbatch by itself.
  const numTokens = Math.max(microbatchTokens, sequenceTokens);
  const layer =
    // Normalized states and residual sums; queries, keys, values and attention output; the gated
    // unit; attention weights.
    4 * hiddenSize +
    headSize * (3 * numHeads + 3 * numKeyValueHeads) +
    4 * intermediateSize +
    2 * numHeads * sequenceTokens;
  const layers = recomputeLayers
    ? config.numLayers * hiddenSize + 2 * layer
    : config.numLayers * layer;
  const logits = 3 * Math.min(defaultMaxLogits(device), numTokens * config.vocabularySize);
  return 4 * (numTokens * layers + logits);
}
