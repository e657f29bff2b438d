import type { StoredWeights } from "../checkpoints/checkpoint.ts";
import type { AdapterConfig } from "../model/lora.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { sizeOf } from "../model/shape/parameters.ts";
import { countEntries, parameterLayout, type ParameterLayout } from "../model/parameter-layout.ts";
import { pagePositions } from "../sampling/runner/page-table.ts";
import { staysOnDevice, usualMaxLogits, type DeviceOptions } from "./device.ts";

/** Model and sequences whose memory is computed. */
export interface MemoryOptions {
  readonly config: ModelConfig;
  /** How the weights are stored; fresh weights are `F32`. */
  readonly stored: Pick<StoredWeights, "type" | "numBytes">;
  /** Adapter to count with. */
  readonly adapter: AdapterConfig;
  /** Length of a sequence, prompt and response. */
  readonly sequenceTokens: number;
  /** The most bytes of keys and values. */
  readonly cacheBytes: number;
  /** Whether weights stay with a device, see `staysOnDevice`. */
  readonly isOnDevice: boolean;
}

/**
 * Bytes that a policy holds: in float32, or with the weights in their file. What a step computes in
 * between comes on top, see {@link trainingMemory}.
 */
export interface MemoryNeeds {
  readonly sampling: {
    /** Weights inside compiled programs, and the embedding by itself. */
    readonly weights: number;
    /** Keys and values. */
    readonly perToken: number;
    readonly perSequence: number;
    /** The most that keys and values may take. */
    readonly cache: number;
    /** With one sequence. */
    readonly total: number;
  };
  readonly training: {
    /** Weights, gradients and two moments of everything; and a sampler of one sequence. */
    readonly full: number;
    /** The same of an adapter, and the weights. */
    readonly lowRank: number;
    readonly adapterParameters: number;
  };
  /**
   * With the weights in their file: bytes in memory, without pages of the file, which the system keeps as
   * long as there is room. Absent where weights have 32 bits, or go to a device.
   */
  readonly stored?: {
    readonly file: number;
    readonly sampling: number;
    readonly lowRank: number;
  };
}

/** Entries up to which a weight is read into memory all the same. */
const maxReadEntries = 2 ** 16;

/** Computes what a policy holds. */
export const memoryNeeds = (options: MemoryOptions): MemoryNeeds =>
  needsOf(parameterLayout(options.config, options), options);

function needsOf(
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
  // Tied embeddings are there twice: as rows to look up, and as the matrix of the head. Not on a device,
  // where both are one tensor.
  const isTwice = tiedEmbeddings && !isOnDevice;
  const weights = 4 * (numParameters + (isTwice ? embedding : 0));
  const perToken = 4 * 2 * numLayers * numKeyValueHeads * headSize;
  const perSequence = perToken * pagePositions * Math.ceil(sequenceTokens / pagePositions);
  const total = weights + perSequence;
  const sampling = { weights, perToken, perSequence, cache: cacheBytes, total };
  const trained = countEntries(adapter?.parameters ?? []);
  const small = countEntries(model.filter((each) => sizeOf(each.shape) <= maxReadEntries));
  const storedSampling = 4 * small + perSequence;
  return {
    sampling,
    ...(type !== "F32" &&
      !isOnDevice && {
        stored: {
          file: numBytes,
          sampling: storedSampling,
          // Its weights, gradients and two moments; and once more its weights, for the sampler.
          lowRank: storedSampling + 4 * small + 20 * trained,
        },
      }),
    training: {
      full: 16 * numParameters + sampling.total,
      // There, the sampler has the model from the learner, and an adapter of its own.
      lowRank: isOnDevice
        ? sampling.total + 20 * trained
        : // The rows to look up are the learner's.
          4 * (numParameters - embedding) + 16 * trained + sampling.total,
      adapterParameters: trained,
    },
  };
}

/** A training run whose memory is computed. */
export interface TrainingMemoryOptions extends Omit<MemoryOptions, "adapter" | "isOnDevice"> {
  /** None where all weights are trained. */
  readonly adapter: AdapterConfig | undefined;
  readonly weightStorage: "float32" | "stored";
  /** Sequences that are sampled at the same time; they take `cacheBytes` at most. */
  readonly numSequences: number;
  readonly microbatchTokens: number;
  readonly recomputeLayers: boolean;
  readonly keepReference: boolean;
  readonly device: DeviceOptions;
}

/** A part of the memory that a run needs. */
export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Estimates the bytes of a training run, by part: weights, gradients and moments; keys and values; and
 * the values that one microbatch keeps for its gradient.
 */
export function trainingMemory(options: TrainingMemoryOptions): MemoryPart[] {
  const { config, adapter, weightStorage, keepReference, numSequences, cacheBytes } = options;
  const layout = parameterLayout(config, { adapter });
  const needs = needsOf(layout, { ...options, isOnDevice: staysOnDevice(options.device) });
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
    // An adapter's reference is the model without it.
    ...(keepReference && adapter === undefined
      ? [{ name: "reference weights", bytes: 4 * numParameters }]
      : []),
    { name: "keys and values", bytes: Math.min(cacheBytes, numSequences * perSequence) },
    { name: "microbatch", bytes: microbatchBytes(options) },
  ];
}

/** Values that one microbatch keeps for its gradient: of its layers, and of a part of its logits. */
function microbatchBytes({
  config,
  sequenceTokens,
  microbatchTokens,
  recomputeLayers,
  device,
}: TrainingMemoryOptions): number {
  const { hiddenSize, intermediateSize, numHeads, numKeyValueHeads, headSize } = config;
  // A row is not cut: a long one is a microbatch by itself.
  const numTokens = Math.max(microbatchTokens, sequenceTokens);
  const layer =
    // Normalised and added states; queries, keys, values and their sum; the gated unit; attention weights.
    4 * hiddenSize +
    headSize * (3 * numHeads + 3 * numKeyValueHeads) +
    4 * intermediateSize +
    2 * numHeads * sequenceTokens;
  const layers = recomputeLayers
    ? config.numLayers * hiddenSize + 2 * layer
    : config.numLayers * layer;
  const logits = 3 * Math.min(usualMaxLogits(device), numTokens * config.vocabularySize);
  return 4 * (numTokens * layers + logits);
}
