import { trace, type Executable, type Program } from "@turnwise/graph";
import { adaptedModules, adapterScale, loraNames, type AdapterConfig } from "../lora.ts";
import type { ModelConfig } from "../model-config.ts";
import type { ReadTensor } from "../stored-parameters.ts";
import type { WeightFeeds } from "./resident-weights.ts";

/**
 * Puts a low-rank change into one weight: inputs `weight` `[out, in]`, `a` `[rank, in]`, `b`
 * `[out, rank]` and the scalar `scale`; the output is `weight + scale * b a`.
 */
export function mergeProgram(): Program<"merged"> {
  return trace((g) => {
    const weight = g.input("weight", "float32", ["out", "in"]);
    const a = g.input("a", "float32", ["rank", "in"]);
    const b = g.input("b", "float32", ["out", "rank"]);
    const change = g.matmul(g.multiply(b, g.input("scale", "float32", [])), a);
    return { merged: g.add(weight, change) };
  });
}

/** Reads weights wherever they are. Those that are arrays already are not copied. */
export function weightReader(weights: WeightFeeds): ReadTensor {
  return (name) => {
    const found = weights.get(name);
    if (!found) throw new RangeError(`read: name must be a parameter, got ${name}`);
    if (!("data" in found)) return found.read();
    if (found.data instanceof Float32Array) return found.data;
    throw new TypeError(`read: ${name} must be float32, got a ${found.data.constructor.name}`);
  };
}

/**
 * As `mergeAdapter`, one weight after the other, by a compiled {@link mergeProgram}, which for large
 * models takes a small part of the time.
 * @param frozen - The model's weights.
 * @param trained - The adapter's.
 */
export function mergedReader(
  executable: Executable<"merged">,
  config: ModelConfig,
  adapter: AdapterConfig,
  { frozen, trained }: { readonly frozen: WeightFeeds; readonly trained: WeightFeeds },
): ReadTensor {
  const scale = { data: Float32Array.of(adapterScale(adapter)), shape: [] };
  const modules = new Map(
    adaptedModules(config, adapter).map(({ module }) => [`${module}.weight`, module]),
  );
  // What was trained whole has the name of what it stands in for.
  const [readTrained, readFrozen] = [weightReader(trained), weightReader(frozen)];
  return async (name) => {
    const module = modules.get(name);
    if (module === undefined) return trained.has(name) ? readTrained(name) : readFrozen(name);
    const { a, b } = loraNames(module);
    const results = await executable.run({
      weight: frozen.get(name)!,
      a: trained.get(a)!,
      b: trained.get(b)!,
      scale,
    });
    return results.merged.data;
  };
}
