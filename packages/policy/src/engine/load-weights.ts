import { openCheckpoint } from "../checkpoints/checkpoint.ts";
import { adapterMerger } from "../model/lora.ts";
import { drawParameters } from "../model/shape/parameters.ts";
import type { SamplingEngine } from "../sampling/sampling-engine.ts";
import { limitLayout } from "./limit-layout.ts";
import type { EngineOptions } from "./engine-port.ts";
import { loadAdapter } from "./load-adapter.ts";

/**
 * Loads an engine's initial weights into a sampler without a learner. Weights of a folder are read
 * one by one. If they are memory-mapped instead, the adapter is not merged but computed separately.
 */
export async function loadWeights(sampling: SamplingEngine, options: EngineOptions): Promise<void> {
  const { layout, weights } = options;
  if (!("directory" in weights)) {
    const parameters =
      "seed" in weights
        ? drawParameters(layout.model, layout.config, weights.seed)
        : weights.parameters;
    const adapter = await loadAdapter(options, (name) => parameters.get(name)!);
    const merge = layout.adapter && adapter && adapterMerger(layout.adapter, adapter);
    return sampling.loadFrom((name) => {
      const values = parameters.get(name)!.slice();
      return merge ? merge(name, values) : values;
    });
  }
  const checkpoint = await openCheckpoint(weights.directory, layout);
  try {
    const adapter = await loadAdapter(options, (name) => checkpoint.read(name));
    if (options.weightStorage === "stored") {
      await checkpoint.checkFinite();
      return await sampling.loadFrom(
        (name) => adapter?.get(name) ?? checkpoint.locate(name),
        limitLayout(options),
      );
    }
    const merge = layout.adapter && adapter && adapterMerger(layout.adapter, adapter);
    await sampling.loadFrom(async (name, into) => {
      const values = await checkpoint.read(name, into);
      return merge ? merge(name, values) : values;
    });
  } finally {
    await checkpoint.close();
  }
}
