import { readAdapterWeights } from "../checkpoints/adapter-checkpoint.ts";
import type { ReadTensor } from "../checkpoints/stored-parameters.ts";
import { drawAdapter } from "../model/lora.ts";
import type { Parameters } from "../model/shape/parameters.ts";
import type { EngineOptions } from "./engine-port.ts";

/**
 * Reads an engine's adapter from its folder, or initializes a new one.
 * @param readModel - Reads a parameter of the model, to copy the parameters of `modulesToSave`.
 * @returns The adapter; `undefined` if the engine has none.
 */
export async function loadAdapter(
  { layout: { config, adapter }, adapter: source }: EngineOptions,
  readModel: ReadTensor,
): Promise<Parameters | undefined> {
  if (!adapter || !source) return undefined;
  if ("directory" in source)
    return (await readAdapterWeights(source.directory, adapter)).parameters;
  const copied = new Map<string, Float32Array>();
  for (const { name } of adapter.saved) copied.set(name, await readModel(name));
  return drawAdapter(adapter, config, copied, source.seed);
}
