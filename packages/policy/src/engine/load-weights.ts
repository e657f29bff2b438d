import { readAdapter } from "../checkpoints/adapter-checkpoint.ts";
import { openCheckpoint } from "../checkpoints/checkpoint.ts";
import { adapterMerger, initialAdapter, type Adapter } from "../model/lora.ts";
import { initialParameters } from "../model/parameter-table.ts";
import type { EngineOptions } from "./engine-port.ts";
import type { SamplingEngine } from "../sampling/sampling-engine.ts";

/**
 * Loads the weights that an engine starts from into a sampler that has no learner beside it. Those of a
 * folder go through memory one by one, or stay in their files, with an adapter beside them.
 */
export async function loadWeights(sampling: SamplingEngine, options: EngineOptions): Promise<void> {
  const { config, weights } = options;
  if (!("directory" in weights)) {
    const parameters =
      "seed" in weights ? initialParameters(config, weights.seed) : weights.parameters;
    const adapter = await startingAdapter(options, parameters);
    const merge = adapter && adapterMerger(config, adapter);
    return sampling.loadFrom((name) => {
      const values = parameters.get(name)!.slice();
      return merge ? merge(name, values) : values;
    });
  }
  const checkpoint = await openCheckpoint(weights.directory, config);
  try {
    const adapter = await startingAdapter(options);
    if (options.weightStorage === "stored") {
      await checkpoint.checkFinite();
      return await sampling.loadFrom(
        (name) => adapter?.parameters.get(name) ?? checkpoint.place(name),
        adapter?.config,
      );
    }
    const merge = adapter && adapterMerger(config, adapter);
    await sampling.loadFrom(async (name, into) => {
      const values = await checkpoint.read(name, into);
      return merge ? merge(name, values) : values;
    });
  } finally {
    await checkpoint.close();
  }
}

async function startingAdapter(
  { config, adapter }: EngineOptions,
  parameters: ReadonlyMap<string, Float32Array> = new Map(),
): Promise<Adapter | undefined> {
  if (!adapter) return undefined;
  return "directory" in adapter
    ? readAdapter(adapter.directory, config, adapter.config)
    : initialAdapter(config, parameters, adapter.config, adapter.seed);
}
