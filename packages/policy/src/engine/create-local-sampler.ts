import { availableParallelism } from "node:os";
import { checkInteger } from "@turnwise/core";
import { readAdapterConfig } from "../checkpoints/adapter-checkpoint.ts";
import { readModelConfig } from "../checkpoints/checkpoint.ts";
import { checkModelConfig, type ModelConfig } from "../model/model-config.ts";
import type { EngineOptions } from "./engine-port.ts";
import { countEntries, parameterLayout } from "../model/parameter-layout.ts";
import type { LocalSamplerOptions } from "./local-options.ts";
import { createSampler, type LocalSampler } from "./local-sampler.ts";
import { PolicyEngine } from "./policy-engine.ts";
import { chooseWeightStorage } from "./weight-storage.ts";
import { connectWorker } from "./worker-port.ts";

/** Sampler without a learner. */
export interface StandaloneSampler {
  readonly sampler: LocalSampler;
  readonly config: ModelConfig;
  /** Stops the engine and rejects pending calls. */
  close(): Promise<void>;
}

/**
 * Starts a sampler without a learner: it holds the weights once, and no trained copies, gradients
 * or optimizer moments.
 * @throws `RangeError` or `Error` for an unsupported config, or for weights or an adapter that do
 *   not match the config.
 */
export async function createLocalSampler({
  model,
  tokenizer,
  adapter,
  weightStorage = "auto",
  seed = 0,
  maxSequenceTokens: wantedTokens,
  threads = availableParallelism(),
  device = {},
  stepTokens = 2048,
  cacheBytes = 2 ** 30,
  thread = "worker",
}: LocalSamplerOptions): Promise<StandaloneSampler> {
  checkInteger("createLocalSampler", { threads }, { min: 1 });
  const isFolder = typeof model === "string";
  const config = isFolder ? await readModelConfig(model) : checkModelConfig(model);
  const maxSequenceTokens = wantedTokens ?? config.maxSequenceTokens;
  checkInteger(
    "createLocalSampler",
    { maxSequenceTokens },
    { min: 1, max: config.maxSequenceTokens },
  );
  const layout = parameterLayout(config, {
    adapter: adapter === undefined ? undefined : await readAdapterConfig(adapter, config),
  });
  const options: EngineOptions = {
    layout,
    adapter: adapter === undefined ? undefined : { directory: adapter },
    weightStorage: await chooseWeightStorage("createLocalSampler", weightStorage, config, {
      numParameters: countEntries(layout.model),
      directory: isFolder ? model : undefined,
    }),
    keepReference: false,
    maxSequenceTokens,
    weights: isFolder ? { directory: model } : { seed },
    optimizer: undefined,
    threads,
    device,
    microbatchTokens: 1,
    stepTokens,
    cacheBytes,
  };
  const port =
    thread === "worker" ? await connectWorker(options) : await PolicyEngine.create(options);
  return {
    sampler: createSampler(port, maxSequenceTokens, tokenizer),
    config,
    close: () => port.close(),
  };
}
