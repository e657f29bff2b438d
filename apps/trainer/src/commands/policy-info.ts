import { positiveNumber } from "./arguments.ts";
import {
  adapterConfig,
  adapterTable,
  describeWeights,
  parameterTable,
  readAdapterConfig,
  readModelConfig,
  type AdapterConfig,
  type ModelConfig,
  type ParameterSpec,
  type StoredWeights,
} from "@turnwise/policy";
import { staysOnDevice } from "@turnwise/policy/local";
import { Command, Option } from "commander";
import { reading } from "@turnwise/training";
import { deviceOf } from "../device.ts";
import { openSampler, withPolicySource, type PolicySourceOptions } from "./policy-source.ts";

interface InfoOptions extends PolicySourceOptions {
  readonly tokens: number;
  readonly rank: number;
  readonly measure?: boolean;
  readonly json?: boolean;
}

/** `turnwise policy info`: what a model is, and what it needs. */
export function policyInfoCommand(): Command {
  return withPolicySource(new Command("info"))
    .description("architecture, parameters, and the memory that sampling and training need")
    .addOption(
      new Option("--tokens <number>", "the length of a sequence to count with")
        .argParser(positiveNumber)
        .default(1024),
    )
    .addOption(
      new Option("--rank <number>", "of the adapter to count with, where none is given")
        .argParser(positiveNumber)
        .default(16),
    )
    .option("--measure", "also load the model, sample a little, and say what that took")
    .option("--json", "print one JSON object")
    .action(async (model: string, options: InfoOptions) => {
      const config = await reading(() => readModelConfig(model));
      const stored = await reading(() => describeWeights(model));
      const given = options.adapter;
      const adapter =
        given === undefined ? undefined : await reading(() => readAdapterConfig(given, config));
      const parameters = parameterCounts(config);
      const report = {
        config,
        stored,
        parameters,
        ...(adapter && {
          adapter: { ...adapter, parameters: sizeOfAll(adapterTable(config, adapter)) },
        }),
        computed: memoryNeeds(config, parameters, stored, options, adapter),
        ...(options.measure === true && { measured: await measure(model, config, options) }),
      };
      process.stdout.write(
        options.json === true ? `${JSON.stringify(report)}\n` : infoText(model, options, report),
      );
    });
}

interface Report {
  readonly config: ModelConfig;
  readonly stored: StoredWeights;
  readonly parameters: ParameterCounts;
  readonly adapter?: AdapterConfig & { readonly parameters: number };
  readonly computed: MemoryNeeds;
  readonly measured?: Measured;
}

interface ParameterCounts {
  readonly embedding: number;
  readonly attention: number;
  readonly gatedUnits: number;
  readonly norms: number;
  /** 0 where the head is the embedding. */
  readonly head: number;
  readonly total: number;
}

const sizeOfAll = (table: readonly ParameterSpec[]): number =>
  table.reduce((total, { shape }) => total + shape.reduce((size, length) => size * length, 1), 0);

function parameterCounts(config: ModelConfig): ParameterCounts {
  const table = parameterTable(config);
  const count = (pattern: RegExp): number =>
    sizeOfAll(table.filter(({ name }) => pattern.test(name)));
  const norms = count(/norm\.weight$/u);
  return {
    embedding: count(/embed_tokens/u),
    attention: count(/self_attn\..*_proj/u),
    gatedUnits: count(/\.mlp\./u),
    norms,
    head: count(/^lm_head/u),
    total: sizeOfAll(table),
  };
}

/**
 * Bytes, by what is held: in float32, or with the weights in their file. What a step computes in between
 * comes on top.
 */
interface MemoryNeeds {
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
    /** Weights, gradients and two moments of everything; and what samples one sequence beside it. */
    readonly full: number;
    /** The same of an adapter, and the weights. */
    readonly lowRank: number;
    readonly adapterParameters: number;
  };
  /**
   * With the weights in their file: what has to be in memory, beside pages of the file, which the system
   * keeps there as long as there is room. Absent where weights have 32 bits, or go to a device.
   */
  readonly stored?: {
    readonly file: number;
    readonly sampling: number;
    readonly lowRank: number;
  };
}

/** Entries up to which a weight is read into memory all the same. */
const maxReadEntries = 2 ** 16;

function memoryNeeds(
  config: ModelConfig,
  { total: numParameters, embedding }: ParameterCounts,
  { type, numBytes }: StoredWeights,
  { tokens, rank, cacheBytes, ...device }: InfoOptions,
  adapter: AdapterConfig | undefined,
): MemoryNeeds {
  const isOnDevice = staysOnDevice(deviceOf(device, "policy"));
  const { numLayers, numKeyValueHeads, headSize, tiedEmbeddings } = config;
  // Tied embeddings are there twice: as rows to look up, and as the matrix of the head. Not on a device,
  // where both are one tensor.
  const isTwice = tiedEmbeddings && !isOnDevice;
  const weights = 4 * (numParameters + (isTwice ? embedding : 0));
  const perToken = 4 * 2 * numLayers * numKeyValueHeads * headSize;
  const perSequence = perToken * 64 * Math.ceil(tokens / 64);
  const total = weights + perSequence;
  const sampling = { weights, perToken, perSequence, cache: cacheBytes, total };
  const trained = sizeOfAll(adapterTable(config, adapter ?? adapterConfig(config, { rank })));
  const table = parameterTable(config);
  const small = sizeOfAll(table.filter((each) => sizeOfAll([each]) <= maxReadEntries));
  const storedSampling = 4 * small + perSequence;
  return {
    sampling,
    ...(type !== "F32" &&
      !isOnDevice && {
        stored: {
          file: numBytes,
          sampling: storedSampling,
          // Its weights, gradients and two moments; and once more its weights, beside the sampler's.
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

interface Measured {
  readonly promptTokens: number;
  readonly loadSeconds: number;
  readonly promptTokensPerSecond: number;
  readonly tokensPerSecond: number;
  /** Of the whole process. */
  readonly peakBytes: number;
}

async function measure(
  model: string,
  config: ModelConfig,
  options: InfoOptions,
): Promise<Measured> {
  const maxTokens = Math.min(16, Math.floor(config.maxSequenceTokens / 2));
  const promptTokens = Math.max(1, Math.min(options.tokens, config.maxSequenceTokens) - maxTokens);
  const begin = performance.now();
  const opened = await openSampler(model, options, promptTokens + maxTokens, undefined);
  const loaded = performance.now();
  try {
    let first = 0;
    await reading(() =>
      opened.sampler.sample(
        {
          promptTokens: Array.from(
            { length: promptTokens },
            (_, i) => (7 * i) % config.vocabularySize,
          ),
          seed: "measure",
          temperature: 0,
          maxTokens,
          stopTokens: [],
        },
        undefined,
        () => {
          first ||= performance.now();
        },
      ),
    );
    const end = performance.now();
    return {
      promptTokens,
      loadSeconds: (loaded - begin) / 1000,
      promptTokensPerSecond: (1000 * promptTokens) / (first - loaded),
      tokensPerSecond: (1000 * (maxTokens - 1)) / (end - first),
      peakBytes: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    await opened.close();
  }
}

function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(value >= 1000 ? 4 : 3)} ${units[unit]}`;
}

const count = (value: number): string => value.toLocaleString("en-US");

function infoText(model: string, { tokens, rank }: InfoOptions, report: Report): string {
  const { config, stored, parameters, adapter, computed, measured } = report;
  const { sampling, training } = computed;
  const lines: [string, string][] = [
    ["model", `${model} (${config.modelType})`],
    [
      "layers",
      `${config.numLayers} of width ${config.hiddenSize}, gated units of ${config.intermediateSize}`,
    ],
    [
      "attention",
      `${config.numHeads} heads of ${config.headSize}, ${config.numKeyValueHeads} for keys and values`,
    ],
    [
      "vocabulary",
      `${count(config.vocabularySize)} tokens, ${config.tiedEmbeddings ? "head tied to the embedding" : "a head of its own"}`,
    ],
    ["context", `${count(config.maxSequenceTokens)} tokens`],
    ["parameters", count(parameters.total)],
    ["  embedding", count(parameters.embedding)],
    ["  attention", count(parameters.attention)],
    ["  gated units", count(parameters.gatedUnits)],
    ["  norms", count(parameters.norms)],
    ["  head", config.tiedEmbeddings ? "the embedding" : count(parameters.head)],
    [
      "stored",
      `${stored.type}, ${bytesText(stored.numBytes)} in ${stored.numFiles} ${stored.numFiles === 1 ? "file" : "files"}`,
    ],
    ...(adapter
      ? ([
          [
            "adapter",
            `rank ${adapter.rank}, alpha ${adapter.alpha}, on ${adapter.targetModules.join(", ")}: ${count(adapter.parameters)} parameters`,
          ],
        ] satisfies [string, string][])
      : []),
    ["", ""],
    [`to sample ${count(tokens)} tokens, computed`, `${bytesText(sampling.total)}, in float32`],
    ["  weights", bytesText(sampling.weights)],
    [
      "  keys and values",
      `${bytesText(sampling.perSequence)}, ${bytesText(sampling.perToken)} a token`,
    ],
    [
      "  sequences at once",
      `${count(Math.floor(sampling.cache / sampling.perSequence))} in ${bytesText(sampling.cache)} (--cache-bytes)`,
    ],
    ...(computed.stored
      ? ([
          [
            "  weights in their file",
            `${bytesText(computed.stored.sampling)}, and up to ${bytesText(computed.stored.file)} of pages that can be dropped (--weight-storage)`,
          ],
        ] satisfies [string, string][])
      : []),
    ["to train as well, computed", "and what a microbatch needs on top"],
    ["  all weights", bytesText(training.full)],
    [
      `  an adapter of rank ${adapter?.rank ?? rank}`,
      `${bytesText(training.lowRank)} (${count(training.adapterParameters)} parameters)`,
    ],
    ...(computed.stored
      ? ([["  beside weights in their file", bytesText(computed.stored.lowRank)]] satisfies [
          string,
          string,
        ][])
      : []),
  ];
  if (measured) {
    lines.push(
      ["", ""],
      [
        "measured",
        `${count(measured.promptTokens)} prompt tokens, then a few, peak ${bytesText(measured.peakBytes)}`,
      ],
      ["  loading", `${measured.loadSeconds.toFixed(2)} s`],
      ["  reading", `${measured.promptTokensPerSecond.toFixed(0)} tokens/s`],
      ["  sampling", `${measured.tokensPerSecond.toFixed(1)} tokens/s`],
    );
  }
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return `${lines.map(([name, value]) => `${name.padEnd(width)}${value}`.trimEnd()).join("\n")}\n`;
}
