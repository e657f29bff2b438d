import { formatCount } from "@turnwise/core";
import { parseCount } from "./arguments.ts";
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
  type WeightsInfo,
} from "@turnwise/policy";
import { computeMemoryNeeds, staysOnDevice, type MemoryNeeds } from "@turnwise/policy/local";
import { Command, Option } from "commander";
import { formatBytes, readInput } from "@turnwise/training";
import { readDevice } from "../device.ts";
import { openSampler, addPolicyOptions, type PolicySourceOptions } from "./policy-source.ts";

interface InfoOptions extends PolicySourceOptions {
  readonly tokens: number;
  readonly rank: number;
  readonly measure?: boolean;
  readonly json?: boolean;
}

/**
 * `turnwise policy info`: prints the architecture, parameter counts and memory needs of a model.
 */
export function buildInfoCommand(): Command {
  return addPolicyOptions(new Command("info"))
    .description("print architecture, parameter counts, and the memory to sample and train")
    .addOption(
      new Option("--tokens <number>", "sequence length of the memory estimate, tokens")
        .argParser(parseCount)
        .default(1024),
    )
    .addOption(
      new Option("--rank <number>", "adapter rank of the memory estimate, without --adapter")
        .argParser(parseCount)
        .default(16),
    )
    .option("--measure", "also load the model, sample a few tokens, and print time and memory")
    .option("--json", "print one JSON object")
    .action(async (model: string, options: InfoOptions) => {
      const config = await readInput(() => readModelConfig(model));
      const stored = await readInput(() => describeWeights(model));
      const given = options.adapter;
      const adapter =
        given === undefined ? undefined : await readInput(() => readAdapterConfig(given, config));
      const parameters = countParameters(config);
      const report = {
        config,
        stored,
        parameters,
        ...(adapter && {
          adapter: { ...adapter, parameters: countEntries(adapterTable(config, adapter)) },
        }),
        computed: computeMemoryNeeds({
          config,
          stored,
          adapter: adapter ?? adapterConfig(config, { rank: options.rank }),
          sequenceTokens: options.tokens,
          cacheBytes: options.cacheBytes,
          isOnDevice: staysOnDevice(readDevice(options, "policy")),
        }),
        ...(options.measure === true && { measured: await measure(model, config, options) }),
      };
      process.stdout.write(
        options.json === true ? `${JSON.stringify(report)}\n` : formatInfo(model, options, report),
      );
    });
}

interface Report {
  readonly config: ModelConfig;
  readonly stored: WeightsInfo;
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
  /** Number of parameters of the output head; 0 if it is tied to the embedding. */
  readonly head: number;
  readonly total: number;
}

const countEntries = (table: readonly ParameterSpec[]): number =>
  table.reduce((total, { shape }) => total + shape.reduce((size, length) => size * length, 1), 0);

function countParameters(config: ModelConfig): ParameterCounts {
  const table = parameterTable(config);
  const count = (pattern: RegExp): number =>
    countEntries(table.filter(({ name }) => pattern.test(name)));
  const norms = count(/norm\.weight$/u);
  return {
    embedding: count(/embed_tokens/u),
    attention: count(/self_attn\..*_proj/u),
    gatedUnits: count(/\.mlp\./u),
    norms,
    head: count(/^lm_head/u),
    total: countEntries(table),
  };
}

interface Measured {
  readonly promptTokens: number;
  readonly loadSeconds: number;
  readonly promptTokensPerSecond: number;
  readonly tokensPerSecond: number;
  /** Peak memory of the process. */
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
    await readInput(() =>
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

const count = (value: number): string => value.toLocaleString("en-US");

function formatInfo(model: string, { tokens, rank }: InfoOptions, report: Report): string {
  const { config, stored, parameters, adapter, computed, measured } = report;
  const { sampling, training } = computed;
  const lines: [string, string][] = [
    ["model", `${model} (${config.modelType})`],
    [
      "layers",
      `${config.numLayers}, hidden size ${config.hiddenSize}, MLP size ${config.intermediateSize}`,
    ],
    [
      "attention",
      `${config.numHeads} heads of size ${config.headSize}, ${config.numKeyValueHeads} key-value heads`,
    ],
    [
      "vocabulary",
      `${count(config.vocabularySize)} tokens, ${config.tiedEmbeddings ? "tied embeddings" : "separate output head"}`,
    ],
    ["context", `${count(config.maxSequenceTokens)} tokens`],
    ["parameters", count(parameters.total)],
    ["  embedding", count(parameters.embedding)],
    ["  attention", count(parameters.attention)],
    ["  MLP", count(parameters.gatedUnits)],
    ["  norms", count(parameters.norms)],
    ["  output head", config.tiedEmbeddings ? "tied to the embedding" : count(parameters.head)],
    [
      "stored",
      `${stored.type}, ${formatBytes(stored.numBytes)} in ${formatCount(stored.numFiles, "file")}`,
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
    [`memory to sample ${count(tokens)} tokens`, `${formatBytes(sampling.total)}, in float32`],
    ["  weights", formatBytes(sampling.weights)],
    [
      "  keys and values",
      `${formatBytes(sampling.perSequence)} per sequence, ${formatBytes(sampling.perToken)} per token`,
    ],
    [
      "  concurrent sequences",
      `${count(Math.floor(sampling.cache / sampling.perSequence))} in ${formatBytes(sampling.cache)} (--cache-bytes)`,
    ],
    ...(computed.stored
      ? ([
          [
            "  memory-mapped weights",
            `${formatBytes(computed.stored.sampling)}, and up to ${formatBytes(computed.stored.file)} of page cache (--weight-storage)`,
          ],
        ] satisfies [string, string][])
      : []),
    ["memory to sample and train", "without the activations of a microbatch"],
    ["  all weights", formatBytes(training.full)],
    [
      `  adapter of rank ${adapter?.rank ?? rank}`,
      `${formatBytes(training.lowRank)} (${count(training.adapterParameters)} parameters)`,
    ],
    ...(computed.stored
      ? ([["  adapter, memory-mapped weights", formatBytes(computed.stored.lowRank)]] satisfies [
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
        `${count(measured.promptTokens)} prompt tokens and a few sampled ones, peak ${formatBytes(measured.peakBytes)}`,
      ],
      ["  loading", `${measured.loadSeconds.toFixed(2)} s`],
      ["  prompt", `${measured.promptTokensPerSecond.toFixed(0)} tokens/s`],
      ["  sampling", `${measured.tokensPerSecond.toFixed(1)} tokens/s`],
    );
  }
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  return `${lines.map(([name, value]) => `${name.padEnd(width)}${value}`.trimEnd()).join("\n")}\n`;
}
