import type { WeightsInfo } from "../checkpoints/checkpoint.ts";
import type { AdapterConfig } from "../model/lora.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { countElements } from "../model/shape/parameters.ts";
import { countEntries, parameterLayout, type ParameterLayout } from "../model/parameter-layout.ts";
import { pagePositions } from "../sampling/runner/page-table.ts";
import { staysOnDevice, defaultMaxLogits, type DeviceOptions } from "./device.ts";

/** Model and sequences to compute memory for. */
export interface MemoryOptions {
  readonly config: ModelConfig;
  /** Storage type of the weights; fresh weights are `F32`. */
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
 * Bytes that a policy holds, with float32 or memory-mapped weights. Temporary values of a step are
 * not included, see {@link estimateTrainingMemory}.
 */
export interface MemoryNeeds {
  readonly sampling: {
    /** Weights inside compiled programs, and the embedding. */
    readonly weights: number;
    /** Keys and values per token. */
    readonly perToken: number;
    readonly perSequence: number;
    /** Maximum size of keys and values. */
    readonly cache: number;
    /** With one sequence. */
    readonly total: number;
  };
  readonly training: {
    /** Weights, gradients and two moments of all parameters, and a sampler with one sequence. */
    readonly full: number;
    /** The same for an adapter, and the frozen weights. */
    readonly lowRank: number;
    readonly adapterParameters: number;
  };
  /**
   * With memory-mapped weights: bytes in memory without page cache. Absent if weights have 32 bits
   * or go to a device.
   */
  readonly stored?: {
    readonly file: number;
    readonly sampling: number;
    readonly lowRank: number;
  };
}

/** Entries up to which a weight is read into memory instead of being memory-mapped. */
const maxReadEntries = 2 ** 16;

/** Computes the memory that a policy holds. */
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
  // Tied embeddings exist twice, as rows to look up and as the head's matrix; on a device both are
  // one tensor.
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
          // The adapter's weights, gradients and two moments, and a second copy of its weights for
          // the sampler.
          lowRank: storedSampling + 4 * small + 20 * trained,
        },
      }),
    training: {
      full: 16 * numParameters + sampling.total,
      // On a device, the sampler shares the learner's model and has its own copy of an adapter.
      lowRank: isOnDevice
        ? sampling.total + 20 * trained
        : // The learner owns the embedding rows.
          4 * (numParameters - embedding) + 16 * trained + sampling.total,
      adapterParameters: trained,
    },
  };
}

/** Training run to compute memory for. */
export interface TrainingMemoryOptions extends Omit<MemoryOptions, "adapter" | "isOnDevice"> {
  /** Undefined if all weights are trained. */
  readonly adapter: AdapterConfig | undefined;
  readonly weightStorage: "float32" | "stored";
  /** Sequences sampled at the same time; they take at most `cacheBytes`. */
  readonly numSequences: number;
  readonly microbatchTokens: number;
  readonly recomputeLayers: boolean;
  readonly keepReference: boolean;
  readonly device: DeviceOptions;
}

/** Part of the memory that a run needs. */
export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Estimates the bytes of a training run by part: weights, gradients and moments; keys and values;
 * and the activations that one microbatch keeps for its gradient.
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
    // The reference of an adapter is the model without it.
    ...(keepReference && adapter === undefined
      ? [{ name: "reference weights", bytes: 4 * numParameters }]
      : []),
    { name: "keys and values", bytes: Math.min(cacheBytes, numSequences * perSequence) },
    { name: "microbatch", bytes: microbatchBytes(options) },
  ];
}

/**
 * Activations that one microbatch keeps for its gradient: of its layers, and of a chunk of its
 * logits.
 */
function microbatchBytes({
  config,
  sequenceTokens,
  microbatchTokens,
  recomputeLayers,
  device,
}: TrainingMemoryOptions): number {
  const { hiddenSize, intermediateSize, numHeads, numKeyValueHeads, headSize } = config;
  // Rows are not split: a long one is a microbatch by itself.
  const numTokens = Math.max(microbatchTokens, sequenceTokens);
  const layer =
    // Normalized and added states; queries, keys, values and attention output; the gated unit;
    // attention weights.
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
